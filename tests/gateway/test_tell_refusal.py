"""A server refuses, fails or announces something in the middle of a call: the client, the audit log and the admin hear
exactly that, and the call reached the server once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from redis import Redis

from connectors.models import Connector
from tests.gateway.test_listen_streams import InSession, heard, stream
from tests.servers.hostile import JSON, Hostile, event, reply
from tests.servers.refusing import PLAIN, Behaviour, behaving, in_words, legacy, own_error, streamed
from tests.servers.upstream import tool
from tests.stage.clients import Client, ModernClient
from tests.stage.credentials import SECRET
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Gateway
from tests.stage.waiting import wait_for

DEFINITIONS = [tool(f"t{number}", {}) for number in range(40)]
CHALLENGE = 'WWW-Authenticate: Bearer error="insufficient_scope"'
CHANGED = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
NOT_KNOWN = "Whether it carried out the call is not known; look before you repeat it."


class Refusing:
    """A server each of whose tools does something else."""

    def __init__(self, server: Hostile) -> None:
        self.server = server
        self._ways: list[Behaviour] = []
        self.url = server.url(behaving("/refusing", legacy(tools_call=self._call)))

    async def _call(self, server: Hostile, seen: Any, writer: Any) -> None:
        number = int(seen.message["params"]["name"][1:])
        await self._ways[number](server, seen, writer)

    def tool(self, way: Behaviour) -> str:
        self._ways.append(way)
        return f"t{len(self._ways) - 1}"

    def calls(self, name: str) -> int:
        return sum(seen.message["params"]["name"] == name for seen in self.server.of("tools/call"))


@pytest.fixture(scope="module")
def refusing() -> Iterator[Refusing]:
    with Hostile() as server:
        yield Refusing(server)


@pytest.fixture
def office(committed_cast: Any, refusing: Refusing) -> Office:
    refusing._ways.clear()
    refusing.server.seen.clear()
    return Office(committed_cast, refusing.url, era="legacy", definitions=DEFINITIONS)


@pytest.fixture
def log(office: Office, dana: Client) -> Log:
    return Log(office.cast.acme.id)


WORDS = [
    (in_words(400, "Amount must be positive"), "It said: “Amount must be positive”.", False),
    (in_words(400, '{"code":7,"message":"No such account"}', JSON), "It said: “No such account”.", False),
    (in_words(403, '{"message":"Not for this account"}', JSON), "It said: “Not for this account”.", False),
    (in_words(404, '{"message":"There is no account 17"}', JSON), "It said: “There is no account 17”.", False),
    (in_words(429, "slow down", PLAIN, "Retry-After: 7"), "It asks to wait 7 seconds", False),
    (in_words(503, "Maintenance", PLAIN, "Retry-After: 60"), "It asks to wait 60 seconds", False),
    (in_words(500, "disk full"), "It said: “disk full”.", True),
    (in_words(502, "<title>Bad gateway</title>", "text/html"), "It said: “Bad gateway”.", True),
    (in_words(200, "<title>Sign in</title>", "text/html"), "It said: “Sign in”.", True),
    (in_words(202, "", ""), "gave no answer to it", True),
]


def test_the_servers_words_reach_the_client_and_the_log(
    gateway: Gateway, office: Office, dana: Client, log: Log, refusing: Refusing
) -> None:
    names = [refusing.tool(way) for way, _, _ in WORDS]
    for name, (_, told, is_open) in zip(names, WORDS, strict=True):
        result = dana.call(name).result
        text = result["content"][0]["text"]
        assert result["isError"] is True
        assert told in text
        assert text.endswith(NOT_KNOWN) is is_open
        assert refusing.calls(name) == 1
    outcomes = log.events("call.outcome", wanted=len(WORDS))
    for outcome, (_, told, _) in zip(outcomes, WORDS, strict=True):
        assert outcome["outcome"] == "error"
        assert told in outcome["reason"]
    assert Connector.objects.get().health == Connector.Health.UP


def test_a_json_rpc_error_under_any_status_is_passed_on(
    gateway: Gateway, office: Office, dana: Client, log: Log, refusing: Refusing
) -> None:
    modern = ModernClient(gateway, office.token)
    for client in (dana, modern):
        for status in (400, 402, 403, 404, 429, 500, 503):
            name = refusing.tool(own_error(status, f"The ledger of {SECRET} is closed", -31044, "Retry-After: 7"))
            error = client.call(name).error
            assert error["code"] == -31044
            assert error["message"].startswith("The ledger of [redacted] is closed (It asks to wait 7 seconds")
            assert refusing.calls(name) == 1
    outcomes = log.events("call.outcome", wanted=14)
    assert {one["outcome"] for one in outcomes} == {"error"}
    assert all("The ledger of [redacted] is closed" in one["reason"] for one in outcomes)
    assert Connector.objects.get().health == Connector.Health.UP


def test_what_an_error_adds_stays_as_it_was_written(
    gateway: Gateway, office: Office, dana: Client, refusing: Refusing
) -> None:
    async def refuse(server: Hostile, seen: Any, writer: Any) -> None:
        raw = b'{"jsonrpc":"2.0","id":%d,"error":{"code":-31044,"message":"No","data":{"n":1e400}}}'
        reply(writer, raw % seen.message["id"], 422)

    for client in (dana, ModernClient(gateway, office.token)):
        answer = client.call(refusing.tool(refuse))
        assert b'"data":{"n":1e400}' in answer.body
        assert answer.error["code"] == -31044


def test_a_secret_in_the_words_is_taken_out_of_them(
    gateway: Gateway, office: Office, dana: Client, log: Log, refusing: Refusing
) -> None:
    for before in (0, 485, 495):
        answer = dana.call(refusing.tool(in_words(500, f"{'x' * before} Bearer {SECRET} is wrong")))
        assert SECRET[:8] not in answer.text
    assert "[redacted]" in dana.call(refusing.tool(in_words(400, json.dumps({"message": SECRET}), JSON))).text
    assert SECRET[:8] not in json.dumps(log.events("call.outcome", wanted=4))


def test_only_a_challenge_means_the_credential(
    gateway: Gateway, office: Office, dana: Client, refusing: Refusing
) -> None:
    dana.call(refusing.tool(in_words(403, "")))
    assert Connector.objects.get().health == Connector.Health.UP
    text = dana.call(refusing.tool(in_words(403, "Scope pay is missing", PLAIN, CHALLENGE))).text
    assert "did not accept the sign-in that your organization uses with it" in text
    assert "Scope pay is missing" in text
    wait_for(lambda: Connector.objects.get().health == Connector.Health.NEEDS_ADMIN)
    assert "Scope pay is missing" in Connector.objects.get().health_reason


def test_a_session_that_was_lost_is_nothing_that_a_client_hears_of(
    gateway: Gateway, office: Office, dana: Client, log: Log, refusing: Refusing
) -> None:
    name = refusing.tool(streamed("ANSWER"))
    assert dana.call(name).text == "done"
    refusing.server.sessions.clear()
    assert [dana.call(name).text for _ in range(3)] == ["done"] * 3
    assert {one["outcome"] for one in log.events("call.outcome", wanted=4)} == {"ok"}


def test_a_call_that_could_not_even_begin_was_not_made(
    gateway: Gateway, office: Office, dana: Client, log: Log, refusing: Refusing
) -> None:
    name = refusing.tool(streamed("ANSWER"))
    office.crm.url = refusing.server.url(behaving("/never-opens", in_words(503, "starting up", PLAIN)))
    office.crm.revision += 1
    office.crm.save()
    office.changed()
    wait_for(lambda: "starting up" in dana.call(name).text)
    assert dana.call(name).text.endswith("The call itself was not made.")
    assert not [seen for seen in refusing.server.of("tools/call") if seen.path == "/never-opens"]


def test_what_a_server_announces_in_a_call_is_heard(
    gateway: Gateway, office: Office, dana: Client, refusing: Refusing
) -> None:
    broker = Redis.from_url(settings.REDIS_URL)
    odd = b'{"jsonrpc":"2.0","method":"notifications/prompts/list_changed","params":null}'
    name = refusing.tool(streamed(event(json.dumps(CHANGED).encode()), event(odd), event(b'{"method":7}'), "ANSWER"))
    session = InSession(gateway, office.token).begin()
    with stream(session, "GET") as response:
        assert session.call(name).text == "done"
        first = heard(response)
        assert first == CHANGED
    wait_for(lambda: any(b"connectors.sync_now" in task for task in broker.lrange("celery", 0, -1)))


def test_a_number_that_no_computer_counts_with_passes_in_progress(
    gateway: Gateway, office: Office, dana: Client, log: Log, refusing: Refusing
) -> None:
    async def count(server: Hostile, seen: Any, writer: Any) -> None:
        token = json.dumps(seen.message["params"]["_meta"]["progressToken"])
        note = (
            '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":%s,"total":%s}}'
        )
        notes = [event((note % (token, *said)).encode()) for said in (("1", "1e400"), ('"x"', "1"), ("1e400", "2e400"))]
        await streamed(*notes, "ANSWER")(server, seen, writer)

    answer = dana.call(refusing.tool(count), progressToken="mine")
    assert answer.text == "done"
    lines = [line for line in answer.body.decode().split("\n") if "notifications/progress" in line]
    assert len(lines) == 2
    assert '"total":1e400' in lines[0]
    assert '"progressToken":"mine"' in lines[1]
    assert log.events("call.outcome")[0]["outcome"] == "ok"
