"""The directory says that Dana left, or her provider has not seen her for too long: within a second nothing of hers
opens anything, at any process, and what she waited for has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from approvals.models import PendingAction
from audit.models import Event
from connectors.models import Tool
from harriet.people.actions.assert_identity import Asserted, assert_identity
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actors import actor_of
from harriet.people.models import AccessToken, AssertedIdentity, Device, Membership, SignInRule
from harriet.signin.actions.lapse_clients import lapse_clients
from harriet.signin.models import ConnectedApp, IdentityProvider, ProviderSession, SubjectToken
from harriet.signin.sso_sealing import seal_token
from tests.gateway.test_hold_call import Waiting, hold_for, the_action
from tests.gateway.test_listen_streams import InSession, heard, listen, stream
from tests.stage.clients import Client, ModernClient
from tests.stage.directory import directory, user_id
from tests.stage.oauth import make_client, make_grant
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.signing_app import App
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for
from vault.models import OAuthGrant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@dataclass
class Hers:
    """All that opens something for Dana."""

    tokens: list[str]
    app: App
    refresh: str
    code: str
    """For another of her clients, which has not exchanged it yet."""
    api: str
    browser: Browser
    by_provider: Browser


@pytest.fixture
def hers(office: Office, gateway: Gateway) -> Hers:
    dana, acme, app = office.cast.dana, office.cast.acme, App()
    issued = app.sign_in(dana)
    other = App()
    other.register(client_name="Cursor")
    api = issue_personal_token(acme, dana, "script", 30, actor=actor_of(dana)).secret.reveal()
    browser, by_provider = Browser(), Browser()
    for one in (browser, by_provider):
        one.force_login(dana)
    signs_in_by_provider(office, by_provider)
    make_grant(office.cast, make_client(acme, "http://127.0.0.1:9/token"), dana, "rt-1")
    tokens = [office.token, device_token(acme, dana, "desk"), issued["access_token"]]
    return Hers(tokens, app, issued["refresh_token"], other.sent_back(dana)["code"], api, browser, by_provider)


def signs_in_by_provider(office: Office, browser: Browser) -> None:
    membership = Membership.objects.get(user=office.cast.dana)
    provider = IdentityProvider.objects.create(organization=office.cast.acme, kind="oidc", name="Acme account")
    ProviderSession.objects.create(
        session_id=browser.session.session_key, provider=provider, membership=membership, subject="dana-1", sid="s1"
    )
    SubjectToken.objects.create(
        membership=membership,
        provider=provider,
        sealed=seal_token("id-token", membership.pk),
        expires_at=timezone.now() + timedelta(hours=1),
        kept_at=timezone.now(),
    )


def status_of_api(token: str) -> int:
    return Browser().get("/api/v1/people/", headers={"Authorization": f"Bearer {token}"}).status_code


def removed(method: str) -> tuple[str, Any]:
    operation = {"op": "Replace", "path": "active", "value": "False"}
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    return {"text in a patch": ("PATCH", {"schemas": schemas, "Operations": [operation]}), "deleted": ("DELETE", None)}[
        method
    ]


@pytest.mark.parametrize("how", ["text in a patch", "deleted"])
def test_everything_of_a_person_ends_within_a_second(
    office: Office, gateway: Gateway, second_gateway: Gateway, upstream: Upstream, hers: Hers, how: str
) -> None:
    entra, dana = directory(office.cast), user_id(office.cast.dana, office.cast.acme)
    Tool.objects.filter(name="report").update(requires_confirmation=True)
    hold_for(office, 120, gateway, second_gateway)
    clients = [Client(process, token) for process in (gateway, second_gateway) for token in hers.tokens]
    assert [one.request("ping").status for one in clients] == [200] * len(clients)
    assert status_of_api(hers.api) != 401
    held = Waiting(lambda: clients[0].call("report"))
    running = Waiting(lambda: clients[3].call("slow", {"text": "x", "ms": 20_000}, progressToken=1))
    the_action()
    wait_for(lambda: bool(upstream.calls))
    session, modern = InSession(gateway, hers.tokens[0]).begin(), ModernClient(second_gateway, hers.tokens[1])
    with stream(session, "GET") as old, stream(modern, "POST", *listen(modern, {"toolsListChanged": True})) as new:
        assert old.status == 200 and heard(new) is not None
        method, body = removed(how)
        said = entra.ask(method, f"/Users/{dana}", body)
        assert said.status in (200, 204), said.json
        wait_for(lambda: [one.request("ping").status for one in clients] == [401] * len(clients))
        assert status_of_api(hers.api) == 401
        ended = list(iter(lambda: heard(new), None))
        assert "Your access to Harriet ended" in ended[-1]["error"]["message"]
        assert heard(old) is None
    assert running.answer.error["code"] == 401
    assert "ended" in str(held.answer.json)
    nothing_is_left(office, hers)


def nothing_is_left(office: Office, hers: Hers) -> None:
    refused = hers.app.refresh(hers.refresh)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert hers.app.exchange(hers.code).json()["error"] in ("invalid_grant", "invalid_client")
    assert hers.by_provider.get(reverse("me:home")).status_code == 302
    assert "_auth_user_id" not in hers.by_provider.session, "a session by the provider is over"
    sign_in = reverse("account_login")
    assert hers.browser.get(reverse("me:home"))["Location"].startswith(sign_in), "and one of her own, too"
    assert "code=" not in hers.browser.get("/oauth/acme/authorize", App().asks()).get("Location", "")
    dana = office.cast.dana
    assert not AccessToken.objects.filter(user=dana, revoked_at=None).exists()
    assert not Device.objects.filter(user=dana, revoked_at=None).exists()
    assert not ConnectedApp.objects.filter(user=dana, ended_at=None).exists()
    assert not SubjectToken.objects.exists(), "nothing of hers can be exchanged at a server any more"
    assert OAuthGrant.objects.get(user=dana).state == OAuthGrant.State.REVOKED
    assert PendingAction.objects.get().state == PendingAction.State.ENDED
    assert Event.objects.filter(code="person.deactivated").count() == 1


def test_who_was_not_seen_at_the_provider_for_the_stated_time_waits(
    office: Office, gateway: Gateway, second_gateway: Gateway
) -> None:
    """The clients of somebody who was removed at the provider alone go on for so many hours, and then not a second
    longer; after the next sign-in they go on by themselves."""
    tokens = [office.token, App().sign_in(office.cast.dana)["access_token"]]
    clients = [Client(process, token).until(200) for process in (gateway, second_gateway) for token in tokens]
    provider = IdentityProvider.objects.create(
        organization=office.cast.acme, kind="oidc", name="Acme account", is_active=True, issuer="https://idp.acme.test"
    )
    known = Asserted(provider.pk, "oidc", provider.issuer, "dana-1", office.cast.dana.email)
    membership = Membership.objects.select_related("organization", "user").get(user=office.cast.dana)
    with transaction.atomic():
        assert_identity(membership, known, is_sign_in=True, actor=actor_of(office.cast.alice))
    long_ago = timezone.now() - timedelta(hours=25)
    SignInRule.objects.create(
        organization=office.cast.acme,
        is_enforced=True,
        enforced_at=long_ago,
        client_hours=24,
        break_glass=office.cast.alice,
    )
    AssertedIdentity.objects.update(signed_in_at=timezone.now() - timedelta(hours=23))
    assert lapse_clients() == 0
    assert [one.request("ping").status for one in clients] == [200] * 4
    AssertedIdentity.objects.update(signed_in_at=long_ago)
    assert lapse_clients() == 1
    wait_for(lambda: [one.request("ping").status for one in clients] == [401] * 4)
    answers = [one.request("ping") for one in clients]
    assert [one.status for one in answers] == [401] * 4
    assert all("sign in" in one.error["message"].lower() for one in answers), answers[0].error
    with transaction.atomic():
        assert_identity(membership, known, is_sign_in=True, actor=actor_of(office.cast.alice))
    for client in clients:
        client.until(200)
