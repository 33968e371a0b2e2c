"""Servers of the legacy era ask back in the middle of a call, and let their streams break off."""

import asyncio
import json
from uuid import uuid4

import pytest

from connectors.errors import UpstreamBroken, UpstreamTimeout
from connectors.transports.base import NATIVE, Caller, Endpoint
from connectors.transports.native import server_questions, session_stream
from harriet.lib.mcp.versions import LEGACY
from harriet.lib.secret import Secret
from tests.connectors.asking import LOCAL, calling
from tests.servers.talkative import FORM, TALKATIVE
from vault.types.bearer import AUTHORIZATION
from vault.types.registry import placed

FORMS = b'{"elicitation":{"form":{}}}'
SIX = b'"result":{"action":"accept","content":{"n":6}}'
assert TALKATIVE


class Person:
    """Dana, in front of her client."""

    def __init__(self, seconds=0.0, says=SIX):
        self.seconds, self.says = seconds, says
        self.asked = []
        self.was_interrupted = False

    async def answer(self, method, params):
        self.asked.append((method, json.loads(params)))
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.was_interrupted = True
            raise
        return self.says


async def call(transport, url, person=None, *, can=FORMS, key="dana", deadline=10.0, listen=None, connector=None):
    with placed("bearer", AUTHORIZATION, "", Secret("sk-canary")) as credential:
        answer = await transport.request(
            Endpoint(connector or uuid4(), NATIVE, url, LOCAL, LEGACY),
            credential,
            calling("echo"),
            caller=Caller(key, can),
            deadline=deadline,
            on_notification=listen,
            on_question=person.answer if person else None,
        )
    return json.loads(answer.result).get("said")


async def test_a_person_answers_while_the_stream_goes_on(hostile, transport):
    heard = []

    async def listen(raw):
        heard.append(json.loads(raw)["method"])
        dana.seconds = 0

    dana = Person(0.3)
    said, pong = await call(transport, hostile.url("/asks"), dana, listen=listen)
    assert said == {"action": "accept", "content": {"n": 6}}
    assert pong == {}
    assert dana.asked == [("elicitation/create", FORM)]
    assert heard == ["notifications/progress"]
    [hello] = hostile.of("initialize")
    assert hello.message["params"]["capabilities"] == json.loads(FORMS)
    answered = next(seen for seen in hostile.seen if seen.message.get("id") == "q1")
    assert (answered.headers["mcp-session-id"], answered.headers["authorization"]) == ("session-1", "Bearer sk-canary")


@pytest.mark.parametrize("can", [b"{}", b'{"sampling":{}}'])
async def test_nobody_is_bothered_with_what_they_did_not_offer(hostile, transport, can):
    dana = Person()
    said, _ = await call(transport, hostile.url("/asks"), dana, can=can)
    assert said["code"] == -32601
    assert dana.asked == []


async def test_thinking_does_not_count_against_the_deadline(hostile, transport):
    said, _ = await call(transport, hostile.url("/asks"), Person(6.0), deadline=5.0)
    assert said["action"] == "accept"


async def test_after_the_answer_the_deadline_counts_again(hostile, transport):
    with pytest.raises(UpstreamTimeout):
        await call(transport, hostile.url("/asks-and-hangs"), Person(0.2), deadline=0.6)


async def test_nobody_may_think_forever(hostile, transport, monkeypatch):
    monkeypatch.setattr(server_questions, "PAUSE_SECONDS", 0.3)
    dana = Person(30)
    with pytest.raises(UpstreamTimeout):
        await call(transport, hostile.url("/asks"), dana, deadline=4.0)
    assert dana.was_interrupted


async def test_a_question_that_the_server_takes_back_is_not_asked_on(hostile, transport):
    dana = Person(30)
    assert await call(transport, hostile.url("/takes-back"), dana) == "done"
    assert dana.was_interrupted
    assert not [seen for seen in hostile.seen if seen.message.get("id") == 7]


async def test_the_question_ends_with_the_call(hostile, transport):
    dana = Person(30)
    task = asyncio.ensure_future(call(transport, hostile.url("/asks-and-hangs"), dana))
    while not dana.asked:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert dana.was_interrupted


async def test_a_server_that_asks_without_end_is_cut_off(hostile, transport):
    dana = Person(30)
    with pytest.raises(UpstreamBroken, match="too many questions"):
        await call(transport, hostile.url("/asks-too-much"), dana)
    assert len(dana.asked) <= 32


async def test_a_client_that_breaks_is_an_error_for_the_server(hostile, transport):
    class Broken(Person):
        async def answer(self, method, params):
            raise RuntimeError("gone")

    said, _ = await call(transport, hostile.url("/asks"), Broken())
    assert said["code"] == -32603


async def test_a_question_on_the_stream_of_the_session_goes_to_the_only_call(hostile, transport):
    dana = Person(6.0)
    said = await call(transport, hostile.url("/asks-elsewhere"), dana, deadline=5.0)
    assert said["content"] == {"n": 6}
    [stream] = [seen for seen in hostile.seen if seen.method == "GET"]
    assert stream.headers["mcp-session-id"] == "session-1"
    assert "content-type" not in stream.headers


async def test_with_two_calls_in_flight_nobody_knows_whom_it_asks(hostile, transport):
    endpoint = {"connector": uuid4(), "url": hostile.url("/asks-elsewhere")}
    dana = Person(0.3)
    said = await asyncio.gather(*(call(transport, person=dana, **endpoint) for _ in range(2)))
    assert [one.get("code") for one in said].count(-32601) >= 1
    assert await call(transport, person=dana, key="bob", **endpoint)
    assert len(hostile.of("initialize")) == 2


async def test_no_stream_is_opened_for_clients_that_can_be_asked_nothing(hostile, transport):
    await call(transport, hostile.url("/asks"), can=b"{}")
    assert not [seen for seen in hostile.seen if seen.method == "GET"]


async def test_a_server_without_such_a_stream_is_asked_for_it_once(hostile, transport):
    endpoint = {"connector": uuid4(), "url": hostile.url("/asks")}
    for _ in range(3):
        await call(transport, person=Person(), **endpoint)
    assert len([seen for seen in hostile.seen if seen.method == "GET"]) == 1
    assert len(hostile.of("tools/call")) == 3


async def test_a_stream_that_opens_late_is_waited_for_once(hostile, transport, monkeypatch):
    monkeypatch.setattr(session_stream, "OPENING_SECONDS", 0.4)
    endpoint = {"connector": uuid4(), "url": hostile.url("/late-stream"), "deadline": 30.0}
    for _ in range(3):
        assert await call(transport, person=Person(), **endpoint) is None
    assert len(hostile.of("initialize")) == 1


async def test_the_stream_ends_with_the_last_call(hostile, transport):
    with pytest.raises(UpstreamTimeout):
        await call(transport, hostile.url("/hangs-with-stream"), Person(), deadline=3.0)
    assert await asyncio.to_thread(hostile.closed_by_client.wait, 60)


async def test_a_stream_that_breaks_off_is_taken_up_again(hostile, transport):
    heard = []

    async def listen(raw):
        heard.append(json.loads(raw)["params"]["data"])

    assert await call(transport, hostile.url("/breaks-off"), can=b"{}", listen=listen) == "second"
    assert heard == ["half"]
    assert [seen.headers["last-event-id"] for seen in hostile.seen if seen.method == "GET"] == ["first", "second"]
    assert len(hostile.of("tools/call")) == 1


async def test_a_stream_that_is_taken_up_again_and_again_ends(hostile, transport):
    with pytest.raises((UpstreamTimeout, UpstreamBroken)):
        await call(transport, hostile.url("/never-ends"), can=b"{}", deadline=6.0)
    assert 3 < len([seen for seen in hostile.seen if seen.method == "GET"]) < 120


async def test_sessions_that_nobody_uses_any_more_are_ended(hostile, transport):
    transport._legacy._sessions._limit = 2
    connector = uuid4()

    async def anonymous(key):
        with placed("bearer", AUTHORIZATION, "", Secret("")) as credential:
            credential.headers.clear()
            endpoint = Endpoint(connector, NATIVE, hostile.url("/no-streams"), LOCAL, LEGACY)
            await transport.request(endpoint, credential, calling("echo"), caller=Caller(key), deadline=5)

    for key in ["dana", "bob", "dana", "alice"]:
        await anonymous(key)
    for _ in range(6000):
        ended = [seen.headers["mcp-session-id"] for seen in hostile.seen if seen.method == "DELETE"]
        if ended:
            break
        await asyncio.sleep(0.01)
    assert ended == ["session-2"]
