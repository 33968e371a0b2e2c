"""A server wants more of an account for one call than was allowed: who can allow it is asked once, for all of it, and
the same call works then; a server, a provider or an admin that won't have it is named, and nobody goes in circles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.urls import reverse

from audit.models import Event
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.actors import actor_of
from harriet.people.models import Notice, User
from harriet.people.version import move_version
from tests.gateway.test_need_account import ACCEPT, URLS, Opening, OpeningTurns
from tests.servers.authorization_server import AuthorizationServer
from tests.stage.cast import Cast
from tests.stage.clients import Client
from tests.stage.own_accounts import OwnAccounts
from tests.stage.processes import Gateway
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for
from tests.stage.ways_back import way_back
from vault.actions.save_oauth_client import registered_client, typed_client
from vault.models import Credential, OAuthGrant


def answers(message: dict[str, Any]) -> dict[str, Any]:
    if message["method"] != "tools/call":
        return {"error": {"code": -32601, "message": "Method not found"}}
    return {"result": {"content": [{"type": "text", "text": "done"}], "resultType": "complete"}}


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as running:
        running.protect(answers)
        running.needs = {"echo": "tickets.write"}
        yield running


class Company(OwnAccounts):
    """Dana has connected her account, for reading."""

    def __init__(self, cast: Cast, server: AuthorizationServer) -> None:
        self.server = server
        cast.acme.internal_hosts = ["127.0.0.1"]
        cast.acme.save()
        more: dict[str, Any] = {"name": "Tickets", "allow_internal": True, "actor": actor_of(cast.alice)}
        with transaction.atomic():
            client = registered_client(cast.acme, server.metadata, **more)
            super().__init__(cast, server.url, client, era="modern", scopes="tickets.read")
            self.token = device_token(cast.acme, cast.dana)
        self.connect(cast.dana)
        self.browser = signed_in(cast.dana)

    def leave(self, user: User) -> str:
        answer = signed_in(user).post(reverse("connections:connect", args=[self.connector.pk]))
        assert answer.status_code == 302, answer.content
        return str(answer.headers["Location"])

    def connect(self, user: User) -> None:
        back = self.server.visit(self.leave(user))
        assert signed_in(user).get(way_back(back)).status_code == 302

    def asked_scopes(self) -> str:
        return dict(parse_qsl(urlsplit(self.leave(self.cast.dana)).query))["scope"]

    def calls(self) -> int:
        return len([asked for asked in self.server.at("/mcp") if b"tools/call" in asked.body])

    def page(self, name: str = "detail") -> str:
        return self.browser.get(reverse(f"connections:{name}", args=[self.connector.pk])).content.decode()

    def lacking(self) -> list[dict[str, Any]]:
        rows = Event.objects.filter(code="oauth.scopes_needed").values_list("body", flat=True)
        return [json.loads(body)["details"] for body in rows]


def signed_in(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def company(committed_cast: Cast, server: AuthorizationServer) -> Company:
    return Company(committed_cast, server)


@pytest.fixture
def ready(gateway: Gateway, company: Company) -> Gateway:
    Client(gateway, company.token).until(200)
    return gateway


def test_she_is_asked_once_for_all_of_it_and_the_call_goes_on(ready: Gateway, company: Company) -> None:
    client = Opening(ready, company.token, capabilities=URLS)
    shown: list[str] = []

    def allow() -> None:
        shown.extend((company.page(), company.page("connect"), company.asked_scopes()))
        company.connect(company.cast.dana)

    answer = client.talk(ACCEPT, allow, progressToken="p")
    assert answer["result"]["content"][0]["text"] == "done", answer
    questions = [one for one in client.asked if one["method"] == "elicitation/create"]
    assert len(questions) == 1
    said = questions[0]["params"]["message"]
    assert "wants more of your account there for this than was allowed: tickets.write." in said
    detail, leaving, scopes = shown
    assert "More is wanted" in detail and "Allow more" in detail and "See and change: tickets" in detail
    assert "You are asked for this besides" in leaving and scopes == "tickets.read tickets.write"
    grant = OAuthGrant.objects.get()
    assert (grant.scopes, grant.needed_scopes) == ("tickets.read tickets.write", "")
    assert [(one["missing"], one["barred"]) for one in company.lacking()] == [("tickets.write", "")]
    assert "More is wanted" not in company.page()
    notice = Notice.objects.get(user=company.cast.dana, kind="connect_account")
    assert notice.settled_at is not None


def test_without_a_way_to_ask_she_reads_where_to_allow_it(ready: Gateway, company: Company) -> None:
    client = Client(ready, company.token)
    for _ in range(2):
        answer = client.call("echo", {"text": "hi"})
        assert answer.result["isError"] and "Allow it at " in answer.text
        assert f"/me/connections/{company.connector.pk}/ and make the same call again" in answer.text
    assert Notice.objects.filter(user=company.cast.dana, kind="connect_account").count() == 1
    assert len(company.lacking()) == 1, "told once, however often it is called"
    assert company.page().count("Allow more") and OAuthGrant.objects.get().state == "active"
    company.connect(company.cast.dana)
    assert client.call("echo", {"text": "hi"}).text == "done"
    turns = OpeningTurns(ready, company.token)
    assert turns.first()["content"][0]["text"] == "done"


def test_a_server_that_wants_what_it_was_given_is_at_fault(
    ready: Gateway, company: Company, server: AuthorizationServer
) -> None:
    server.insists = True
    client = Opening(ready, company.token, capabilities=URLS)
    answer = client.talk(ACCEPT, lambda: company.connect(company.cast.dana), progressToken="p")["result"]
    told = answer["content"][0]["text"]
    assert answer["isError"] and "That is a fault of CRM" in told and "tickets.write" in told
    assert len([one for one in client.asked if one["method"] == "elicitation/create"]) == 1
    before = company.calls()
    assert "That is a fault of CRM" in Client(ready, company.token).call("echo", {"text": "hi"}).text
    assert company.calls() == before + 1 and "More is wanted" not in company.page()
    assert Connector.objects.get(pk=company.connector.pk).health != "needs_admin"


def test_what_was_asked_for_and_not_given_is_not_asked_for_again(
    ready: Gateway, company: Company, server: AuthorizationServer
) -> None:
    client = Opening(ready, company.token, capabilities=URLS)
    server.token_more = {"scope": "tickets.read"}
    answer = client.talk(ACCEPT, lambda: company.connect(company.cast.dana), progressToken="p")["result"]
    assert "You were asked for it, and it was not allowed there" in answer["content"][0]["text"]
    again = Opening(ready, company.token, capabilities=URLS)
    assert "connect your account again at" in again.call("echo", {"text": "hi"}).text, "she is not asked"
    server.token_more = {}
    company.connect(company.cast.dana)
    assert Client(ready, company.token).call("echo", {"text": "hi"}).text == "done", "she allows it after all"


def test_what_the_admin_lets_nobody_be_asked_for_is_told_to_admins(ready: Gateway, company: Company) -> None:
    limited = {**company.credential.placement, "scope_limit": "none"}
    Credential.objects.filter(pk=company.credential.pk).update(placement=limited)
    move_version(company.cast.acme.pk)
    client = Client(ready, company.token)
    wait_for(lambda: "lets nobody be asked for" in client.call("echo", {"text": "hi"}).text)
    asking = Opening(ready, company.token, capabilities=URLS)
    told = asking.call("echo", {"text": "hi"}).text
    assert "tickets.write" in told and "show this message to your IT team" in told, "she is not asked"
    notice = Notice.objects.get(user=company.cast.alice, kind="credential_refused")
    assert "tickets.write" in notice.text and "nobody may be asked for" in notice.text
    assert "More is wanted" not in company.page() and company.asked_scopes() == "tickets.read"


def test_of_a_shared_account_admins_are_told_with_the_scopes_name(
    ready: Gateway, company: Company, server: AuthorizationServer
) -> None:
    more: dict[str, Any] = {"name": "Tickets", "allow_internal": True, "actor": actor_of(company.cast.alice)}
    own = typed_client(company.cast.acme, server.metadata, client_id="ours", secret=Secret("s3cret"), **more)
    mine = Credential.objects.filter(pk=company.credential.pk)
    mine.update(type="oauth_client", oauth_client=own)
    move_version(company.cast.acme.pk)
    client = Client(ready, company.token)
    wait_for(lambda: "are made with lacks" in client.call("echo", {"text": "hi"}).text)
    assert "CRM wants tickets.write for this" in client.call("echo", {"text": "hi"}).text
    notice = Notice.objects.get(user=company.cast.alice, kind="credential_refused")
    assert "tickets.write" in notice.text
    assert Connector.objects.get(pk=company.connector.pk).health != "needs_admin"
    mine.update(placement={**company.credential.placement, "scopes": "tickets.read tickets.write"})
    move_version(company.cast.acme.pk)
    wait_for(lambda: client.call("echo", {"text": "hi"}).text == "done")
