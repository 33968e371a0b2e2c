"""Dana connects her own account at a service: what she is told before, what comes of it, and what an attacker gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from connectors.actions.ask_to_connect import ask_to_connect
from connectors.models import ToolPermission
from harriet.lib.base64url import encode
from harriet.lib.ids import new_id
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actors import actor_of
from harriet.people.models import AssertedIdentity, Membership, Notice, User
from harriet.people.roles import Role
from tests.servers.authorization_server import Asked, AuthorizationServer, Reply
from tests.stage.cast import Cast, person
from tests.stage.own_accounts import OwnAccounts
from tests.stage.ways_back import way_back
from vault.actions.save_oauth_client import registered_client
from vault.models import Credential, OAuthClient, OAuthGrant, OAuthRequest
from vault.oauth.addresses import callback_address

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as running:
        running.revoked = []  # type: ignore[attr-defined]

        def revoke(asked: Asked) -> Reply:
            running.revoked.append(asked.fields["token"])  # type: ignore[attr-defined]
            return Reply(200, {})

        running.pages["/revoke"] = revoke
        yield running


@pytest.fixture
def office(cast: Cast, server: AuthorizationServer) -> OwnAccounts:
    cast.acme.internal_hosts = ["127.0.0.1"]
    cast.acme.save()
    client = registered_client(
        cast.acme, server.metadata, name="Tickets", allow_internal=True, actor=actor_of(cast.alice)
    )
    return OwnAccounts(cast, server.url, client, scopes="tickets.read")


@pytest.fixture
def dana(cast: Cast) -> Client:
    return signed_in(cast.dana)


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def says(server: AuthorizationServer, client_id: str, **claims: Any) -> None:
    """The ID token that comes with the tokens from now on."""
    body = {"iss": server.issuer, "aud": client_id, "email_verified": True, **claims}
    token = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "none"}, body)) + ".x"
    server.token_more = {"id_token": token}


def leave(browser: Client, office: OwnAccounts) -> str:
    """To the provider: where the browser is sent."""
    answer = browser.post(reverse("connections:connect", args=[office.connector.pk]))
    assert answer.status_code == 302, answer.content
    return str(answer.headers["Location"])


def come_back(browser: Client, back: dict[str, str]) -> HttpResponse:
    answer = browser.get(way_back(back))
    assert "code" not in answer.headers.get("Location", "") and "state" not in answer.headers.get("Location", "")
    return answer


def shown(browser: Client, answer: HttpResponse) -> str:
    """The page that the answer leads to."""
    assert answer.status_code == 302
    return browser.get(answer.headers["Location"], follow=True).content.decode()


def page(browser: Client, office: OwnAccounts, name: str = "detail") -> str:
    return browser.get(reverse(f"connections:{name}", args=[office.connector.pk])).content.decode()


def test_what_dana_brings_back_to_another_registration_is_not_told_as_connected(
    dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    """Alice registered anew while Dana was at the provider: the grant would be one that no call uses."""
    back = server.visit(leave(dana, office))
    other = OAuthClient.objects.get(pk=office.client.pk)
    other.pk, other.client_id = new_id(), "registered-anew"
    other.save(force_insert=True)
    Credential.objects.filter(connector_id=office.connector.pk).update(oauth_client=other)
    told = shown(dana, come_back(dana, back))
    assert "CRM was set up anew while you were away" in told and "is connected" not in told
    assert not OAuthGrant.objects.exists()


def test_one_account_for_two_connectors_is_told_as_that(
    dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    come_back(dana, server.visit(leave(dana, office)))
    assert "The same connection is used for" not in page(dana, office)
    wiki = OwnAccounts(office.cast, office.connector.url, office.client, slug="wiki", at="wiki")
    assert "The same connection is used for" in page(dana, office) and "WIKI" in page(dana, office)
    assert "is disconnected" in shown(dana, dana.post(reverse("connections:disconnect", args=[office.connector.pk])))
    assert "Disconnected" in page(dana, wiki)


def test_dana_reads_what_keeps_her_calls_from_being_made(
    dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    """While the token that there is serves, nothing is wrong for her; and what she can't mend is not hers to mend."""
    come_back(dana, server.visit(leave(dana, office)))
    mine, ended = OAuthGrant.objects.filter(user=office.cast.dana), timezone.now() - timedelta(hours=1)
    mine.update(failures=3)
    assert "No access at the moment" not in page(dana, office)
    mine.update(access_expires_at=ended)
    assert "No access at the moment" in page(dana, office)
    OAuthClient.objects.update(problem="The provider said invalid_client.")
    assert "Your IT team has to look" in page(dana, office)
    OAuthClient.objects.update(problem="")
    mine.update(state_reason="invalid_scope")
    assert "Your IT team has to look" in page(dana, office)
    mine.update(failures=0, state_reason="", sealed_refresh=None)
    assert "Has to be connected again" in page(dana, office)


def test_dana_connects_and_disconnects(dana: Client, office: OwnAccounts, server: AuthorizationServer) -> None:
    ask_to_connect(office.connector.pk, office.cast.dana.pk, actor=actor_of(office.cast.alice))
    ask_to_connect(office.connector.pk, office.cast.dana.pk, actor=actor_of(office.cast.alice))
    notice = Notice.objects.get(user=office.cast.dana, kind="connect_account")
    assert notice.path == reverse("connections:detail", args=[office.connector.pk])
    listed = dana.get(reverse("connections:list")).content.decode()
    assert "Waiting for you" in listed and "Not connected" in listed and "CRM" in listed
    assert "Not connected" in page(dana, office)
    before = page(dana, office, "connect")
    assert "You leave Harriet and come to <code>127.0.0.1</code>" in before and "tickets.read" in before
    assert "See: tickets" in before

    says(server, office.client.client_id, email="dana@acme.test", sub="d-1")
    address = leave(dana, office)
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked["redirect_uri"] == callback_address(server.issuer) and asked["code_challenge_method"] == "S256"
    assert "dana" not in address and "acme" not in address, "the address names nobody"
    answer = come_back(dana, server.visit(address))
    told = shown(dana, answer)
    assert "CRM is connected as dana@acme.test." in told and "Your AI client can go on now" in told
    assert "Not all of what Harriet asked for" not in told
    notice.refresh_from_db()
    assert notice.settled_at and notice.text == "Your account is connected."
    listed = dana.get(reverse("connections:list")).content.decode()
    assert "Waiting for you" not in listed and "dana@acme.test" in listed

    mine = OAuthGrant.objects.get(user=office.cast.dana)
    answer = dana.post(reverse("connections:disconnect", args=[office.connector.pk]))
    assert "The provider confirmed that it took the access back" in shown(dana, answer)
    mine.refresh_from_db()
    assert mine.state == "revoked" and not mine.sealed_refresh and not mine.sealed_access
    assert server.revoked[0] == "r-1"  # type: ignore[attr-defined]
    assert "Disconnected" in page(dana, office)
    assert "Waiting for you" in dana.get(reverse("connections:list")).content.decode()
    answer = dana.post(reverse("connections:disconnect", args=[office.connector.pk]))
    assert "was not connected" in shown(dana, answer)
    logged = "".join(Event.objects.values_list("body", flat=True))
    assert "r-1" not in logged and not any(token in logged for token in server.tokens)


def test_the_page_that_leads_away_may_and_no_other(dana: Client, office: OwnAccounts) -> None:
    """Browsers hold a form to `form-action` through every redirect of its answer."""
    leading = dana.get(reverse("connections:connect", args=[office.connector.pk]))
    assert "form-action 'self' https: http:" in leading.headers["Content-Security-Policy"]
    staying = dana.get(reverse("connections:detail", args=[office.connector.pk]))
    assert "form-action 'self';" in staying.headers["Content-Security-Policy"] + ";"


def test_a_way_back_is_one_persons_and_good_once(
    cast: Cast, dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    bob = signed_in(cast.bob)
    back = server.visit(leave(dana, office))
    assert "Somebody else began to connect this account" in shown(bob, come_back(bob, back))
    assert not OAuthGrant.objects.exists(), "Bob got nothing of Dana's, and Dana nothing of Bob's"
    assert "CRM is connected" in shown(dana, come_back(dana, back)), "her way is still hers"
    spent = len(server.at("/token"))
    assert "used already" in shown(dana, come_back(dana, back))
    assert len(server.at("/token")) == spent, "the code was not sent a second time"
    for state in ("", "x", back["state"][:-1]):
        assert "is not known here" in shown(dana, come_back(dana, {**back, "state": state}))
    OAuthRequest.objects.update(used_at=None, expires_at="2026-01-01T00:00:00Z")
    assert "more than ten minutes" in shown(dana, come_back(dana, back))
    assert len(server.at("/token")) == spent


@pytest.mark.parametrize(
    ("changed", "told", "untold"),
    [
        ({"iss": "https://evil.example"}, "The answer didn’t come from", "evil"),
        ({"iss": None}, "The answer didn’t come from", ""),
        (
            {
                "iss": "https://evil.example",
                "error": "server_error",
                "error_description": "call 555-EVIL",
                "code": None,
            },
            "The answer didn’t come from",
            "555",
        ),
        ({"error": "access_denied", "code": None}, "You didn’t allow it at Tickets", ""),
        ({"error": "server_error", "code": None}, "Tickets connected nothing. It says: server_error", ""),
        ({"error": "<script>alert(1)</script>", "code": None}, "It says: &lt;script&gt;", "<script>alert"),
        ({"code": None}, "sent you back without a code", ""),
        ({"code": "made-up"}, "Nothing was connected", "made-up"),
    ],
)
def test_whatever_goes_wrong_is_told_with_the_way_on(
    dana: Client,
    office: OwnAccounts,
    server: AuthorizationServer,
    changed: dict[str, str | None],
    told: str,
    untold: str,
) -> None:
    told_page = shown(dana, come_back(dana, server.visit(leave(dana, office), **changed)))
    assert told in told_page and "Go to 127.0.0.1" in told_page, "and from here it is begun again"
    assert not untold or untold not in told_page
    assert not OAuthGrant.objects.exists()


def test_who_is_signed_out_or_gone_meanwhile_connects_nothing(
    cast: Cast, dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    back = server.visit(leave(dana, office))
    answer = come_back(Client(), back)
    assert answer.status_code == 403 and "not signed in to Harriet any more" in answer.content.decode()
    assert back["code"] not in answer.content.decode() and back["state"] not in answer.content.decode()
    deactivate_person(
        Membership.objects.select_related("organization", "user").get(user=cast.dana), actor=actor_of(cast.alice)
    )
    dana.get(way_back(back), follow=True)
    assert not OAuthGrant.objects.exists() and not server.at("/token")


def test_who_may_not_use_it_any_more_connects_nothing(
    dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    back = server.visit(leave(dana, office))
    ToolPermission.objects.all().delete()
    assert come_back(dana, back).status_code == 302
    assert not OAuthGrant.objects.exists() and not server.at("/token")
    assert dana.get(reverse("connections:connect", args=[office.connector.pk])).status_code == 404


def test_another_account_than_before_is_pointed_out(
    dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    says(server, office.client.client_id, email="dana@acme.test", sub="d-1")
    shown(dana, come_back(dana, server.visit(leave(dana, office))))
    says(server, office.client.client_id, email="Dana@acme.test", sub="d-1")
    assert "another account" not in shown(dana, come_back(dana, server.visit(leave(dana, office))))
    says(server, office.client.client_id, email="dana@gmail.com", sub="d-2")
    told = shown(dana, come_back(dana, server.visit(leave(dana, office))))
    assert "This is another account than before: it was Dana@acme.test, and is dana@gmail.com now." in told
    assert OAuthGrant.objects.get().account == "dana@gmail.com"


def test_an_account_of_another_domain_is_refused_and_taken_back(
    cast: Cast, dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    alice = signed_in(cast.alice)
    tab = reverse("connectors:accounts", args=[office.connector.pk])
    answer = alice.post(tab, {"allowed_domains": "@acme.test\nacme.example"})
    assert "Saved which accounts may be connected" in shown(alice, answer)
    assert "is no domain" in alice.post(tab, {"allowed_domains": "acme"}).content.decode()
    assert "acme.example" in page(dana, office, "connect") and "allows no others" in page(dana, office, "connect")
    for claims in ({"email": "dana@gmail.com"}, {}, {"email": "dana@acme.test", "email_verified": False}):
        says(server, office.client.client_id, sub="d-1", **claims)
        assert "Nothing was kept" in shown(dana, come_back(dana, server.visit(leave(dana, office)))), claims
        assert server.revoked.pop() == server.tokens[-1]  # type: ignore[attr-defined]
        assert not OAuthGrant.objects.exists()
    says(server, office.client.client_id, email="dana@acme.test", sub="d-1")
    assert "CRM is connected" in shown(dana, come_back(dana, server.visit(leave(dana, office))))
    refused = Event.objects.filter(code="oauth.account_refused").order_by("recorded_at").first()
    assert refused is not None and json.loads(refused.body)["details"]["domain"] == "gmail.com"


def test_alice_sees_who_is_connected_and_ends_it(
    cast: Cast, dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    says(server, office.client.client_id, email="dana@acme.test", sub="d-1")
    shown(dana, come_back(dana, server.visit(leave(dana, office))))
    mine = OAuthGrant.objects.get()
    alice, bob = signed_in(cast.alice), signed_in(cast.bob)
    tab = reverse("connectors:accounts", args=[office.connector.pk])
    seen = alice.get(tab).content.decode()
    assert "Connected: 1" in seen and "dana@acme.test" in seen
    assert not any(token in seen for token in (*server.tokens, "r-1"))
    end = reverse("connectors:end_account", args=[office.connector.pk, mine.pk])
    assert "Disconnect" not in bob.get(tab).content.decode() and bob.post(end).status_code == 403
    assert bob.post(tab, {"allowed_domains": ""}).status_code == 403
    assert dana.get(tab).status_code == 403
    assert "is disconnected from CRM" in shown(alice, alice.post(end))
    mine.refresh_from_db()
    assert mine.state == "revoked"


def test_everybody_sees_their_own_page_behind_the_same_address(
    cast: Cast, dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    """The address in a call's answer leads somebody else to what is theirs, and an outsider nowhere."""
    says(server, office.client.client_id, email="dana@acme.test", sub="d-1")
    shown(dana, come_back(dana, server.visit(leave(dana, office))))
    bobs = page(signed_in(cast.bob), office)
    assert "Not connected" in bobs and "dana@acme.test" not in bobs
    eve = person(cast.acme, "Eve", Role.MEMBER)
    for other in (eve, cast.charlie):
        for name in ("detail", "connect"):
            answer = signed_in(other).get(reverse(f"connections:{name}", args=[office.connector.pk]))
            assert answer.status_code == 404
        assert signed_in(other).post(reverse("connections:disconnect", args=[office.connector.pk])).status_code == 404
    assert OAuthGrant.objects.get().state == "active"


def test_no_parameter_leads_out_of_harriet(dana: Client, office: OwnAccounts, server: AuthorizationServer) -> None:
    """Where somebody is led back to is Harriet's own choice, whatever the address says."""
    back = server.visit(leave(dana, office))
    for name in ("next", "redirect_uri", "return_to", "url"):
        back[name] = "https://evil.example/"
    assert come_back(dana, back).headers["Location"].startswith("/me/connections/")
    for path in (reverse("connections:connect", args=[office.connector.pk]), reverse("connections:list")):
        seen = dana.get(path, {"next": "https://evil.example/", "connected": "https://evil.example/"})
        assert "evil.example" not in seen.content.decode()
    address = dana.post(f"{reverse('connections:connect', args=[office.connector.pk])}?next=https://evil.example/")
    assert urlsplit(address.headers["Location"]).netloc == urlsplit(server.origin).netloc


def test_a_provider_that_cannot_be_used_is_told_before_anybody_leaves(dana: Client, office: OwnAccounts) -> None:
    office.client.metadata |= {"code_challenge_methods_supported": ["plain"]}
    office.client.save()
    answer = dana.post(reverse("connections:connect", args=[office.connector.pk]))
    assert answer.status_code == 400 and "Nobody can sign in at Tickets" in answer.content.decode()


def test_what_no_connector_uses_any_more_can_be_ended(
    dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    shown(dana, come_back(dana, server.visit(leave(dana, office))))
    office.credential.delete()
    mine = OAuthGrant.objects.get()
    assert "Not used any more" in dana.get(reverse("connections:list")).content.decode()
    answer = dana.post(reverse("connections:left_over", args=[mine.pk]))
    assert "Tickets is disconnected" in shown(dana, answer)
    assert dana.post(reverse("connections:left_over", args=[mine.pk])).status_code == 404


def test_who_agrees_that_a_service_account_acts_for_them_leaves_for_nobody(
    cast: Cast, dana: Client, office: OwnAccounts, server: AuthorizationServer
) -> None:
    Credential.objects.filter(pk=office.credential.pk).update(
        type="service_account", placement={"subject": "person", "scopes": "mail.read"}
    )
    assert "Agree" in page(dana, office, "connect") and "See: mail" in page(dana, office, "connect")
    User.objects.filter(pk=cast.dana.pk).update(is_proven=False)
    address = reverse("connections:connect", args=[office.connector.pk])
    refused = dana.post(address)
    assert refused.status_code == 400 and "never confirmed" in refused.content.decode()
    assert not OAuthGrant.objects.exists()
    membership = Membership.objects.get(user=cast.dana)
    AssertedIdentity.objects.create(
        membership=membership, provider_id=cast.acme.pk, source="oidc", subject="d-1", email="dana.d@acme.test"
    )
    assert "CRM is connected as dana.d@acme.test" in shown(dana, dana.post(address))
    mine = OAuthGrant.objects.get()
    assert (mine.user, mine.state, mine.renewed_by) == (cast.dana, "active", "jwt_bearer")
    assert not server.at("/authorize") and not server.at("/token"), "nobody was asked"
    dana.post(reverse("connections:disconnect", args=[office.connector.pk]))
    mine.refresh_from_db()
    assert mine.state == "revoked"
