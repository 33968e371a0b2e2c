"""A call of a connector with accounts is made as whoever called, with a token that is good, and is never made twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F

from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.models import Notice
from harriet.people.version import move_version
from tests.servers.raw import RawServer
from tests.servers.token_endpoint import TokenEndpoint, said
from tests.stage.cast import Cast
from tests.stage.clients import ModernClient
from tests.stage.log import Log
from tests.stage.oauth import RESOURCE, make_client, make_grant
from tests.stage.office import Office
from tests.stage.processes import Gateway
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for
from vault.models import Credential, OAuthClient, OAuthGrant

ECHO = {"name": "echo", "description": "Says it again.", "inputSchema": {"type": "object"}}
RESULT = b'{"content":[{"type":"text","text":"done"}],"resultType":"complete"}'


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    with TokenEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(is_modern=True) as server:
        server.results["tools/call"] = RESULT
        yield server


@pytest.fixture
def office(committed_cast: Cast, server: RawServer) -> Office:
    return Office(committed_cast, server.url, era="modern", definitions=[ECHO])


@pytest.fixture
def provider(office: Office, endpoint: TokenEndpoint) -> OAuthClient:
    return make_client(office.cast.acme, endpoint.url)


@pytest.fixture
def dana(office: Office, provider: OAuthClient, gateway: Gateway) -> ModernClient:
    return signs_in_by(office, provider, gateway, "oauth_user")


def signs_in_by(office: Office, provider: OAuthClient, gateway: Gateway, type_: str) -> ModernClient:
    mine = Credential.objects.filter(connector_id=office.crm.id)
    mine.update(type=type_, placement={"resource": RESOURCE, "scopes": "read"}, oauth_client=provider)
    office.changed()
    office.wait_until_known(gateway)
    return ModernClient(gateway, office.token)


def aged(grant: OAuthGrant, seconds: int) -> OAuthGrant:
    back = timedelta(seconds=seconds)
    names = ("access_expires_at", "next_refresh_at", "answered_at")
    OAuthGrant.objects.filter(pk=grant.pk).update(**{name: F(name) - back for name in names})
    return grant


def test_each_persons_calls_bear_that_ones_token(
    office: Office, provider: OAuthClient, dana: ModernClient, gateway: Gateway, server: RawServer
) -> None:
    cast = office.cast
    make_grant(cast, provider, cast.dana, "rt-dana", access=Secret("at-of-dana"))
    make_grant(cast, provider, cast.bob, "rt-bob", access=Secret("at-of-bob"))
    cast.sales.memberships.add(*cast.acme.memberships.filter(user=cast.bob))
    bob_token = device_token(cast.acme, cast.bob)
    office.changed()
    office.wait_until_known(gateway)
    bob, log = ModernClient(gateway, bob_token), Log(cast.acme.id)
    for _ in range(3):
        assert dana.call("echo").text == bob.call("echo").text == "done"
    assert server.authorizations("tools/call") == ["Bearer at-of-dana", "Bearer at-of-bob"] * 3
    outcome = log.events("call.outcome", wanted=6)[0]
    assert outcome["details"]["connection_generation"] == 1
    assert "at-of-dana" not in str(outcome)
    wait_for(lambda: OAuthGrant.objects.filter(user=cast.dana, last_used_by="CRM: echo").exists())


def test_without_an_account_nothing_leaves(office: Office, dana: ModernClient, server: RawServer) -> None:
    answer = dana.call("echo")
    assert answer.result["isError"]
    assert "own account" in answer.text
    assert server.of("tools/call") == []


def test_an_expired_token_is_renewed_first(
    office: Office, provider: OAuthClient, dana: ModernClient, server: RawServer, endpoint: TokenEndpoint
) -> None:
    aged(make_grant(office.cast, provider, office.cast.dana, endpoint.first_token()), 3700)
    for _ in range(3):
        assert dana.call("echo").text == "done"
    assert len(endpoint.forms) == 1
    (bearer,) = set(server.authorizations("tools/call"))
    assert bearer.startswith("Bearer at-")
    assert bearer != "Bearer at-first"


def test_a_token_that_the_server_refuses_is_renewed_and_the_call_made_once(
    office: Office, provider: OAuthClient, dana: ModernClient, server: RawServer, endpoint: TokenEndpoint
) -> None:
    grant = aged(make_grant(office.cast, provider, office.cast.dana, endpoint.first_token()), 120)
    server.refuses = {"Bearer at-first"}
    assert dana.call("echo").text == "done"
    assert len(endpoint.forms) == 1
    assert len(server.of("tools/call")) == 1, "what was refused with 401 was not worked on"
    grant.refresh_from_db()
    assert grant.generation == 2


def test_one_persons_refused_account_is_no_news_about_the_connector(
    office: Office, provider: OAuthClient, dana: ModernClient, server: RawServer, endpoint: TokenEndpoint
) -> None:
    make_grant(office.cast, provider, office.cast.dana, endpoint.first_token())
    server.refuses = {"Bearer at-first"}
    log = Log(office.cast.acme.id)
    answer = dana.call("echo")
    assert "did not accept the account that you connected" in answer.text
    assert endpoint.forms == [], "it was given a moment ago: another would be refused as well"
    assert len(log.events("call.outcome", wanted=1)) == 1
    assert Connector.objects.get(pk=office.crm.id).health != "needs_admin"


@pytest.mark.parametrize("challenge", ["", 'Bearer error="invalid_token", error_description="It was revoked"'])
def test_a_refused_token_that_nothing_renews_is_connected_again(
    office: Office, provider: OAuthClient, dana: ModernClient, server: RawServer, challenge: str
) -> None:
    """As of a GitHub OAuth app that Dana took the access of, there: no refresh token, and no end was said."""
    grant = make_grant(office.cast, provider, office.cast.dana, None, expires_in=None)
    OAuthGrant.objects.filter(pk=grant.pk).update(granted_at=F("granted_at") - timedelta(days=90))
    assert dana.call("echo").text == "done"
    server.refuses = {"Bearer at-first"}
    server.challenge = {"WWW-Authenticate": challenge} if challenge else {}
    for _ in range(2):
        answer = dana.call("echo")
        assert answer.result["isError"] and f"/me/connections/{office.crm.id}/" in answer.text
    assert len(server.of("tools/call")) == 1
    mine = Notice.objects.filter(user=office.cast.dana, settled_at=None, key__startswith=f"oauth {grant.pk}")
    assert mine.count() == (1 if challenge else 0), "told once, where its server says what it is about"
    assert Connector.objects.get(pk=office.crm.id).health != "needs_admin"
    make_grant(office.cast, provider, office.cast.dana, None, expires_in=None, access=Secret("at-again"))
    assert dana.call("echo").text == "done"


def test_an_account_that_was_disconnected_is_used_no_more(
    office: Office, provider: OAuthClient, dana: ModernClient, server: RawServer
) -> None:
    make_grant(office.cast, provider, office.cast.dana, "rt")
    assert dana.call("echo").text == "done"
    OAuthGrant.objects.update(state="revoked", sealed_access=None, sealed_refresh=None)
    move_version(office.cast.acme.id)
    wait_for(lambda: "own account" in dana.call("echo").text)


def test_the_organizations_own_token_is_fetched_when_it_is_needed(
    office: Office, provider: OAuthClient, gateway: Gateway, server: RawServer, endpoint: TokenEndpoint
) -> None:
    endpoint.answers = lambda form: said(access_token="at-shared", token_type="Bearer", expires_in=3600)
    dana = signs_in_by(office, provider, gateway, "oauth_client")
    for _ in range(2):
        assert dana.call("echo").text == "done"
    assert [form["grant_type"] for form in endpoint.forms] == ["client_credentials"]
    assert set(server.authorizations("tools/call")) == {"Bearer at-shared"}


def test_a_token_that_comes_back_is_taken_out(
    office: Office, provider: OAuthClient, dana: ModernClient, server: RawServer
) -> None:
    make_grant(office.cast, provider, office.cast.dana, "rt", access=Secret("at-5f1d9c0e7b"))
    server.results["tools/call"] = b'{"content":[{"type":"text","text":"at-5f1d9c0e7b"}],"resultType":"complete"}'
    assert "at-5f1d9c0e7b" not in dana.call("echo").text
