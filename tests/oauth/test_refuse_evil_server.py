"""Mallory runs a server that Acme's people may connect to. She gets no code, token or secret of the honest provider,
and Harriet looks nowhere for her; whoever was tricked is told so on a page, and the log says it, too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_connection import save_connection
from harriet.people.actors import actor_of
from harriet.people.models import User
from tests.servers.authorization_server import OPENID, RESOURCE, SERVER, AuthorizationServer, Reply
from tests.servers.evil_authorization_server import EvilServer, browse
from tests.stage.cast import Cast
from tests.stage.own_accounts import OwnAccounts
from tests.stage.ways_back import way_back
from vault.actions.save_oauth_client import registered_client
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.addresses import callback_address

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[AuthorizationServer, EvilServer]]:
    with AuthorizationServer() as honest, EvilServer(honest) as evil:
        yield honest, evil


@pytest.fixture
def honest(running: tuple[AuthorizationServer, EvilServer]) -> AuthorizationServer:
    return fresh(running[0])


@pytest.fixture
def evil(running: tuple[AuthorizationServer, EvilServer]) -> EvilServer:
    fresh(running[1].trap)
    fresh(running[1])
    return running[1]


def fresh(server: AuthorizationServer) -> AuthorizationServer:
    for kept in (server.documents, server.pages, server.seen, server.codes, server.clients, server.tokens):
        kept.clear()
    server.token_more = {}
    server.publish()
    return server


@pytest.fixture
def crm(cast: Cast, honest: AuthorizationServer) -> OwnAccounts:
    """The honest one's."""
    return connected(cast, honest, "crm", "CRM provider")


@pytest.fixture
def helpdesk(cast: Cast, crm: OwnAccounts, evil: EvilServer) -> OwnAccounts:
    """Mallory's."""
    return connected(cast, evil, "helpdesk", "Helpdesk provider")


def connected(cast: Cast, server: AuthorizationServer, slug: str, name: str) -> OwnAccounts:
    cast.acme.internal_hosts = ["127.0.0.1"]
    cast.acme.save()
    actor = actor_of(cast.alice)
    client = registered_client(cast.acme, server.metadata, name=name, allow_internal=True, actor=actor)
    return OwnAccounts(cast, server.url, client, scopes="tickets.read", slug=slug, at=slug)


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def leave(user: User, office: OwnAccounts) -> str:
    answer = signed_in(user).post(reverse("connections:connect", args=[office.connector.pk]))
    assert answer.status_code == 302, answer.content
    return str(answer.headers["Location"])


def come_back(user: User, back: dict[str, str], *, way: str = "", query: str = "") -> str:
    """What the person reads then. Nothing of what they brought stays in an address. `way`: another than they were sent
    on; `query`: another than `back` as it is."""
    browser, (path, _, own) = signed_in(user), way_back(back).partition("?")
    answer: HttpResponse = browser.get(f"{way or path}?{query or own}")
    assert answer.status_code == 302
    where = answer.headers["Location"]
    assert where.startswith("/me/connections/") and "code" not in where and "state" not in where
    return browser.get(where).content.decode()


def reasons() -> list[str]:
    rows = Event.objects.filter(code="oauth.not_connected").order_by("recorded_at")
    return [json.loads(one.body)["reason"] for one in rows]


def test_a_mix_up_takes_no_code_to_mallory(
    cast: Cast, crm: OwnAccounts, helpdesk: OwnAccounts, honest: AuthorizationServer, evil: EvilServer
) -> None:
    own = callback_address(honest.issuer)
    evil.send_on(redirect_uri=own)
    back = browse(leave(cast.dana, helpdesk))
    assert back["iss"] == honest.issuer, "the honest server thinks that Dana came from Harriet"
    told = come_back(cast.dana, back, way=urlsplit(own).path)
    assert f"The answer didn’t come from {evil.issuer}, where you were sent" in told
    assert not evil.at("/token") and not honest.at("/token") and not OAuthGrant.objects.exists()
    assert reasons() == ["wrong_issuer"]
    again = come_back(cast.dana, {**back, "iss": evil.issuer})
    assert "used already" in again and not evil.at("/token") and reasons() == ["wrong_issuer", "used"]


@pytest.mark.parametrize("method", ["none", "client_secret_basic"])
def test_a_mix_up_where_answers_do_not_say_who_they_are_from(
    cast: Cast, helpdesk: OwnAccounts, honest: AuthorizationServer, evil: EvilServer, method: str
) -> None:
    """Harriet may be a public client there: nothing but the address tells whose answer it is."""
    honest.publish(authorization_response_iss_parameter_supported=None, token_endpoint_auth_methods_supported=[method])
    evil.publish(authorization_response_iss_parameter_supported=None)
    OAuthClient.objects.filter(issuer=evil.issuer).update(metadata=evil.metadata)
    OAuthClient.objects.filter(issuer=honest.issuer).update(metadata=honest.metadata, auth_method=method)
    evil.send_on()
    with pytest.raises(AssertionError, match="No such redirect URL"):
        browse(leave(cast.dana, helpdesk))  # the honest server knows no such redirect URL of Harriet's
    evil.send_on(redirect_uri=callback_address(honest.issuer))
    back = browse(leave(cast.dana, helpdesk))
    back.pop("iss")
    told = come_back(cast.dana, back, way=urlsplit(callback_address(honest.issuer)).path)
    assert f"The answer didn’t come from {evil.issuer}, where you were sent" in told
    assert not evil.at("/token") and not honest.at("/token") and not OAuthGrant.objects.exists()
    assert reasons() == ["wrong_issuer"]


def test_no_answer_is_taken_at_another_address(cast: Cast, crm: OwnAccounts, honest: AuthorizationServer) -> None:
    own = urlsplit(callback_address(honest.issuer)).path
    others = [callback_address(issuer) for issuer in ("", f"{honest.issuer}/", honest.issuer.upper())]
    for way in [*(urlsplit(one).path for one in others), own.upper().replace("/OAUTH/CALLBACK/", "/oauth/callback/")]:
        told = come_back(cast.dana, honest.visit(leave(cast.dana, crm)), way=way)
        assert "The answer didn’t come from" in told
    assert not honest.at("/token") and signed_in(cast.dana).get("/oauth/callback").status_code == 404
    assert "CRM is connected" in come_back(cast.dana, honest.visit(leave(cast.dana, crm)), way=own)


def test_an_answer_that_does_not_say_that_it_is_mallorys_is_not_used(
    cast: Cast, helpdesk: OwnAccounts, honest: AuthorizationServer, evil: EvilServer
) -> None:
    error: dict[str, str | None] = {"error": "access_denied", "error_description": "Call 555-EVIL", "code": None}
    tries: list[tuple[str | None, dict[str, str | None]]] = [
        *[(iss, more) for iss in (honest.issuer, None) for more in ({}, error)],
        *[(iss, {}) for iss in ("", f"{evil.issuer}/", f"{evil.issuer} {evil.issuer}")],
    ]
    for iss, more in tries:
        told = come_back(cast.dana, evil.visit(leave(cast.dana, helpdesk), iss=iss, **more))
        assert "The answer didn’t come from" in told and "555" not in told and "didn’t allow" not in told
    assert not evil.at("/token") and reasons() == ["wrong_issuer"] * len(tries)


def test_what_is_there_twice_counts_for_nothing(cast: Cast, crm: OwnAccounts, honest: AuthorizationServer) -> None:
    """Whoever reads the first and whoever reads the last would each be told what they want to hear."""
    for name in ("iss", "state", "code"):
        back = honest.visit(leave(cast.dana, crm))
        come_back(cast.dana, back, query=urlencode([(name, "x"), *back.items()]))
        back = honest.visit(leave(cast.dana, crm))
        come_back(cast.dana, back, query=urlencode([*back.items(), (name, back[name])]))
    assert not honest.at("/token") and not OAuthGrant.objects.exists()


def test_right_issuer_and_somebody_elses_state(cast: Cast, crm: OwnAccounts, honest: AuthorizationServer) -> None:
    """Mallory is of the company, too: her own code comes with a state of Dana's, or to Dana's browser with her own."""
    danas, bobs = leave(cast.dana, crm), leave(cast.bob, crm)
    codes = {who: honest.visit(url) for who, url in (("dana", danas), ("bob", bobs))}
    told = come_back(cast.dana, {**codes["bob"]})
    assert "Somebody else began to connect this account" in told
    injected = {**codes["dana"], "code": codes["bob"]["code"]}
    assert "Nothing was connected" in come_back(cast.dana, injected), "PKCE: it was asked for otherwise"
    assert reasons() == ["other_person", "not_exchanged"] and not OAuthGrant.objects.exists()


def test_a_code_of_the_other_provider_is_worth_nothing(
    cast: Cast, crm: OwnAccounts, helpdesk: OwnAccounts, honest: AuthorizationServer, evil: EvilServer
) -> None:
    """A state of Dana's own, for the other connector: what came of one way never goes on along another."""
    at_evil, at_honest = leave(cast.dana, helpdesk), leave(cast.dana, crm)
    stolen = evil.visit(at_evil)["code"]
    back = honest.visit(at_honest)
    assert "Nothing was connected" in come_back(cast.dana, {**back, "code": stolen})
    assert "didn’t come from" in come_back(cast.dana, {**honest.visit(at_evil), "code": back["code"]})
    assert reasons() == ["not_exchanged", "wrong_issuer"] and not OAuthGrant.objects.exists()


def test_code_and_state_are_good_once(cast: Cast, crm: OwnAccounts, honest: AuthorizationServer) -> None:
    back = honest.visit(leave(cast.dana, crm))
    assert "CRM is connected" in come_back(cast.dana, back)
    kept = OAuthGrant.objects.values().get()
    for again in (back, {**back, "code": "another"}, {**back, "error": "access_denied"}):
        assert "used already" in come_back(cast.dana, again)
    assert len(honest.at("/token")) == 1 and OAuthGrant.objects.values().get() == kept
    assert reasons() == ["used"] * 3


def test_no_page_of_the_honest_provider_is_borrowed(
    cast: Cast, crm: OwnAccounts, honest: AuthorizationServer, evil: EvilServer
) -> None:
    """Where answers don't say who they are from, a mix-up would be noticed by nobody."""
    honest.publish(authorization_response_iss_parameter_supported=None)
    evil.borrow_page()
    said = set_up(cast, evil)
    assert f"{evil.issuer} sends people to the page where {honest.issuer} signs them in" in said
    assert not evil.at("/register") and OAuthClient.objects.count() == 1


def test_no_page_says_what_is_for_harriet_to_say(cast: Cast, evil: EvilServer) -> None:
    for query in ("x=1&redirect_uri=https://evil.example", "STATE="):
        evil.publish(authorization_endpoint=f"{evil.origin}/authorize?{query}")
        assert "which is for Harriet to say" in set_up(cast, evil)
    evil.publish(authorization_endpoint=f"{evil.origin}/authorize?tenant=7")
    assert set_up(cast, evil) == ""


def test_no_registration_sends_people_elsewhere(cast: Cast, evil: EvilServer) -> None:
    own = callback_address(evil.issuer)
    for given in (["https://evil.example/callback"], [], own, [own, "https://evil.example/"], [f"{own}/"], [7]):
        evil.answer_registrations(redirect_uris=given)
        assert "registered other redirect URLs than Harriet asked for" in set_up(cast, evil)
        assert not OAuthClient.objects.exists()
    evil.answer_registrations(redirect_uris=None)
    assert set_up(cast, evil) == "", "one that doesn't repeat them took them"


def set_up(cast: Cast, server: AuthorizationServer) -> str:
    """Alice connects its MCP server in the wizard: what she reads beside a field; empty when it was saved."""
    cast.acme.internal_hosts = ["127.0.0.1"]
    cast.acme.save()
    actor = cast.actor(cast.alice)
    draft = draft_connector(cast.acme, slug=f"d{len(server.seen)}", name="Helpdesk", actor=actor)
    save_connection(draft, url=server.url, allow_internal=True, actor=actor)
    page = signed_in(cast.alice).post(
        reverse("connectors:setup_authentication", args=[draft.pk]), {"type": "oauth_user", "secret": ""}
    )
    if page.status_code == 302:
        return ""
    assert page.status_code == 400
    return " ".join(" ".join(said) for said in page.context["form"].errors.values())


@pytest.mark.parametrize("path", ["/register", SERVER, f"{RESOURCE}/mcp"])
def test_no_redirect_of_what_is_looked_up_leads_inside(cast: Cast, evil: EvilServer, path: str) -> None:
    evil.documents.pop(path, None)
    evil.pages[OPENID] = lambda _: Reply(404, "")
    for status in (302, 307):
        evil.lead_inside(path, status)
        set_up(cast, evil)
    assert evil.at(path) and evil.trap.seen == [], "nothing of Harriet's came there"


def test_no_redirect_takes_a_code_or_token_inside(cast: Cast, helpdesk: OwnAccounts, evil: EvilServer) -> None:
    OAuthClient.objects.filter(issuer=evil.issuer).update(metadata={**evil.metadata, "scopes_supported": ["openid"]})
    for path in ("/userinfo", "/revoke"):
        evil.lead_inside(path, 307)
    assert "is connected" in come_back(cast.dana, evil.visit(leave(cast.dana, helpdesk)))
    signed_in(cast.dana).post(reverse("connections:disconnect", args=[helpdesk.connector.pk]))
    for status in (302, 307, 308):
        evil.lead_inside("/token", status)
        assert "Nothing was connected" in come_back(cast.dana, evil.visit(leave(cast.dana, helpdesk)))
    assert reasons() == ["not_exchanged"] * 3 and len(evil.at("/token")) == 4, "each code once"
    assert evil.at("/userinfo") and evil.at("/revoke") and evil.trap.seen == []


@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "token_endpoint", "registration_endpoint", "userinfo_endpoint"]
)
def test_no_address_inside_is_taken_from_a_document(cast: Cast, evil: EvilServer, name: str) -> None:
    for url in ("http://169.254.169.254/latest", "http://[::1]:9/x", "https://0x7f000001/x"):
        evil.publish(**{name: url})
        said = set_up(cast, evil)
        assert name in said and "can't be used" in said and not OAuthClient.objects.exists()


def test_what_leaves_says_nothing_of_the_honest_provider(
    cast: Cast, crm: OwnAccounts, helpdesk: OwnAccounts, honest: AuthorizationServer, evil: EvilServer
) -> None:
    """Secrets and tokens are kept by issuer: nothing of one has ever been in a request to the other."""
    come_back(cast.dana, honest.visit(leave(cast.dana, crm)))
    come_back(cast.dana, evil.visit(leave(cast.dana, helpdesk)))
    assert OAuthGrant.objects.count() == 2
    ((honest_id, honest_registration),) = honest.clients.items()
    seen = repr([vars(one) for one in evil.seen])
    kept = [honest_id, honest_registration["client_secret"], *honest.tokens]
    assert not [one for one in kept if one in seen]
    state = dict(parse_qsl(urlsplit(leave(cast.dana, crm)).query))["state"]
    assert state not in seen
