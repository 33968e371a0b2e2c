"""A call that needs the caller's own account at the server, and they have not connected one: nothing leaves, they are
shown where to connect it in whatever way their client has, and once they did the same call works."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from approvals.models import PendingAction
from harriet.people.actors import actor_of
from harriet.people.models import Notice, Organization, User
from harriet.people.version import move_version
from tests.stage.cast import Cast
from tests.stage.clients import META, Client, ModernClient
from tests.stage.grants import grant, registration
from tests.stage.log import Log
from tests.stage.own_accounts import OwnAccounts
from tests.stage.processes import Gateway, Upstream
from tests.stage.tokens import device_token, shared_key
from tests.stage.waiting import wait_for
from vault.actions.end_grant import end_grant
from vault.models import OAuthGrant

URLS = {"elicitation": {"url": {}}}
ACCEPT = {"action": "accept"}


class Company(OwnAccounts):
    def __init__(self, cast: Cast, upstream: Upstream) -> None:
        self.upstream = upstream
        with transaction.atomic():
            super().__init__(cast, upstream.mcp, registration(cast.acme, "https://provider.test"), era="legacy")
            self.tokens = {user.pk: device_token(cast.acme, user) for user in (cast.dana, cast.bob)}

    def consent(self, user: User, **more: Any) -> OAuthGrant:
        """What a browser leaves behind."""
        return grant(self.client, user, self.upstream.mcp, **more)

    @property
    def link(self) -> str:
        return f"/me/connections/{self.connector.pk}/"

    def arrived(self) -> list[str]:
        """The tokens that calls bore."""
        return [entry["headers"]["authorization"] for entry in self.upstream.calls]


@pytest.fixture
def company(committed_cast: Cast, upstream: Upstream) -> Company:
    return Company(committed_cast, upstream)


class Opening(Client):
    """A client of the handshake era that opens addresses for its person."""

    def __init__(self, gateway: Gateway, token: str, *, capabilities: dict[str, Any], streams: bool = True) -> None:
        super().__init__(gateway, token)
        self.session, self.streams = "", streams
        self.asked: list[dict[str, Any]] = []
        hello = {"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": {"name": "opener"}}
        self.session = self.request("initialize", hello).headers["mcp-session-id"]

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        more = {"mcp-session-id": self.session} if self.session else {}
        accept = {} if self.streams or not self.session else {"accept": "application/json"}
        return {**super().headers(message), **more, **accept}

    def talk(self, answer: dict[str, Any], meanwhile: Callable[[], object], **meta: Any) -> dict[str, Any]:
        """The answer to a call in which whatever is asked gets this answer; `meanwhile` the person does something."""
        params = {"name": "echo", "arguments": {"text": "hi"}, "_meta": meta}
        message = self.message("tools/call", params)
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        connection.request("POST", self.path, json.dumps(message).encode(), self.headers(message))
        response = connection.getresponse()
        while line := response.readline():
            if not line.startswith(b"data: {"):
                continue
            got: dict[str, Any] = json.loads(line[5:])
            if "method" not in got:
                return got
            self.asked.append(got)
            if "id" in got:
                reply = {"jsonrpc": "2.0", "id": got["id"], "result": answer}
                assert self.post(json.dumps(reply).encode(), self.headers(message)).status == 202
                meanwhile()
        raise AssertionError("the stream ended without an answer")


class OpeningTurns(ModernClient):
    """A client of 2026-07-28 that opens addresses for its person."""

    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        made = super().message(method, params)
        made["params"]["_meta"] |= {**META, "io.modelcontextprotocol/clientCapabilities": URLS}
        return made

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        return {**super().headers(message), "prefer": "wait=2"}

    def first(self) -> dict[str, Any]:
        return self.request("tools/call", {"name": "echo", "arguments": {"text": "hi"}}).result

    def next(self, before: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        responses = dict.fromkeys(before["inputRequests"], answer)
        params = {"name": "echo", "arguments": {"text": "hi"}, "inputResponses": responses}
        return self.request("tools/call", {**params, "requestState": before["requestState"]}).result


@pytest.fixture
def ready(gateway: Gateway, company: Company) -> Gateway:
    for token in company.tokens.values():
        Client(gateway, token).until(200)
    return gateway


def only_url(question: dict[str, Any], company: Company) -> dict[str, Any]:
    """The params of what was asked: an address that names nobody and proves nothing."""
    assert question["method"] == "elicitation/create"
    params: dict[str, Any] = question["params"]
    assert params["mode"] == "url" and params["url"].endswith(company.link) and "requestedSchema" not in params
    assert "dana" not in json.dumps(params).lower()
    return params


@pytest.mark.parametrize("kind", [Client, ModernClient])
def test_a_client_that_opens_nothing_gets_the_address_as_text(
    ready: Gateway, company: Company, kind: type[Client]
) -> None:
    dana = company.cast.dana
    client, log = kind(ready, company.tokens[dana.pk]), Log(company.cast.acme.pk)
    for _ in range(2):
        answer = client.call("echo", {"text": "hi"})
        assert answer.result["isError"] and company.link in answer.text
        assert "needs your own account there" in answer.text and "make the same call again" in answer.text
    notice = Notice.objects.get(user=dana)
    assert (notice.kind, notice.path) == ("connect_account", company.link), "once, however often it is called"
    assert company.arrived() == []
    refused = log.events("call.outcome", wanted=2)
    assert {one["outcome"] for one in refused} == {"error"}
    company.consent(dana)
    answer = client.call("echo", {"text": "hi"})
    assert answer.text == "hi" and company.arrived() == ["Bearer access-token-of-dana@acme.test"]


def test_in_the_stream_the_call_goes_on_by_itself(ready: Gateway, company: Company) -> None:
    dana = company.cast.dana
    client = Opening(ready, company.tokens[dana.pk], capabilities=URLS)
    answer = client.talk(ACCEPT, lambda: company.consent(dana), progressToken="p")
    assert answer["result"]["content"][0]["text"] == "hi", answer
    question = only_url(client.asked[0], company)
    complete = [one for one in client.asked if one["method"] == "notifications/elicitation/complete"]
    assert [one["params"] for one in complete] == [{"elicitationId": question["elicitationId"]}]
    assert company.arrived() == ["Bearer access-token-of-dana@acme.test"]


@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_who_says_no_is_told_how_to_do_it_later(ready: Gateway, company: Company, action: str) -> None:
    token = company.tokens[company.cast.dana.pk]
    client = Opening(ready, token, capabilities=URLS)
    answer = client.talk({"action": action}, lambda: None)["result"]
    assert answer["isError"] and company.link in answer["content"][0]["text"]
    turns = OpeningTurns(ready, token)
    answer = turns.next(turns.first(), {"action": action})
    assert answer["isError"] and company.link in answer["content"][0]["text"]
    assert company.arrived() == []


def test_without_a_stream_the_protocols_own_error_says_it(ready: Gateway, company: Company) -> None:
    dana = company.cast.dana
    client = Opening(ready, company.tokens[dana.pk], capabilities=URLS, streams=False)
    error = client.call("echo", {"text": "hi"}).error
    assert error["code"] == -32042
    asked = error["data"]["elicitations"]
    assert len(asked) == 1 and asked[0]["mode"] == "url" and asked[0]["url"].endswith(company.link)
    assert asked[0]["elicitationId"] and asked[0]["message"]
    forms = Opening(ready, company.tokens[dana.pk], capabilities={"elicitation": {}}, streams=False)
    assert forms.call("echo", {"text": "hi"}).result["isError"], "it opens no addresses: it gets text"
    company.consent(dana)
    assert client.call("echo", {"text": "hi"}).text == "hi"


def test_in_the_stateless_era_the_next_request_goes_on(ready: Gateway, company: Company) -> None:
    dana = company.cast.dana
    turns = OpeningTurns(ready, company.tokens[dana.pk])
    first = turns.first()
    assert first["resultType"] == "input_required"
    question = only_url(next(iter(first["inputRequests"].values())), company)
    assert "elicitationId" not in question, "this revision has none"
    again = turns.next(first, ACCEPT)
    assert again["resultType"] == "input_required", "they said yes, and have not connected yet"
    company.consent(dana)
    done = turns.next(again, ACCEPT)
    assert done["resultType"] == "complete" and done["content"][0]["text"] == "hi"
    assert company.arrived() == ["Bearer access-token-of-dana@acme.test"]


def test_a_client_that_says_yes_by_itself_comes_to_an_end(ready: Gateway, company: Company) -> None:
    turns = OpeningTurns(ready, company.tokens[company.cast.dana.pk])
    result, rounds = turns.first(), 0
    while result["resultType"] == "input_required":
        result, rounds = turns.next(result, ACCEPT), rounds + 1
    assert result["isError"] and rounds == 3 and company.link in result["content"][0]["text"]
    assert company.arrived() == []


def test_another_ones_consent_is_nobody_elses(ready: Gateway, company: Company) -> None:
    """Bob opens Dana's address and connects: his account is his, and she still has none."""
    company.consent(company.cast.bob)
    dana, bob = (Client(ready, company.tokens[user.pk]) for user in (company.cast.dana, company.cast.bob))
    assert company.link in dana.call("echo", {"text": "hi"}).text
    assert bob.call("echo", {"text": "hi"}).text == "hi"
    assert company.arrived() == ["Bearer access-token-of-bob@acme.test"]


def test_a_connection_that_ended_serves_no_call(ready: Gateway, company: Company) -> None:
    dana, bob = company.cast.dana, company.cast.bob
    mine, _ = company.consent(dana), company.consent(bob)
    client = Client(ready, company.tokens[dana.pk])
    assert client.call("echo", {"text": "hi"}).text == "hi"
    end_grant(mine, actor=actor_of(company.cast.alice))
    wait_for(lambda: company.link in client.call("echo", {"text": "no"}).text)
    assert Client(ready, company.tokens[bob.pk]).call("echo", {"text": "hi"}).text == "hi"
    company.consent(dana, access="the-new-one")
    assert client.call("echo", {"text": "hi"}).text == "hi"
    assert company.arrived()[-1] == "Bearer the-new-one"


def test_a_key_that_is_nobodys_has_no_account(ready: Gateway, company: Company) -> None:
    key = shared_key(company.cast.acme, [company.cast.sales], company.cast.alice)
    client = Client(ready, key).until(200)
    answer = client.call("echo", {"text": "hi"})
    assert answer.result["isError"] and "a key that is nobody's" in answer.text and "/me/" not in answer.text
    assert company.arrived() == []


def test_an_approver_is_not_asked_about_a_call_that_cannot_be_made(ready: Gateway, company: Company) -> None:
    """What needs an approval as well asks for the account first: nobody approves what then fails."""
    dana, bob, echo = company.cast.dana, company.cast.bob, company.tools["echo"]
    Organization.objects.filter(pk=company.cast.acme.pk).update(hold_seconds=0)
    type(echo).objects.filter(pk=echo.pk).update(requires_confirmation=True)
    move_version(company.cast.acme.pk)
    company.consent(bob)
    bobs = Client(ready, company.tokens[bob.pk])
    wait_for(lambda: "waits for approval" in bobs.call("echo", {"text": "hi"}).text)
    client = Client(ready, company.tokens[dana.pk])
    assert company.link in client.call("echo", {"text": "hi"}).text
    assert not PendingAction.objects.filter(user=dana).exists()
    company.consent(dana)
    assert "waits for approval" in client.call("echo", {"text": "hi"}).text
