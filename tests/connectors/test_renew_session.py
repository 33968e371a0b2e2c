"""A server that has lost a session gets a new one; and a request is sent again only when it certainly wasn't begun."""

import asyncio
from uuid import uuid4

import pytest

from connectors.errors import UpstreamBroken, UpstreamDown, UpstreamError
from connectors.transports.base import NATIVE, Caller, Endpoint
from harriet.lib.mcp.versions import LEGACY, SSE
from harriet.lib.secret import Secret
from tests.connectors.asking import LOCAL, calling
from tests.servers.hostile import JSON, answer, event, reply, stream
from tests.servers.hostile import SSE as SSE_KIND
from tests.servers.refusing import HTML, PLAIN, behaving, error, in_words, legacy, old, once, own_error
from tests.servers.talkative import FORM, answer_to, message
from vault.types.bearer import AUTHORIZATION
from vault.types.registry import placed


@pytest.fixture
def dana(hostile, transport):
    """Calls at one connector: `await dana(path)`."""
    connector = uuid4()

    async def call(path, era=LEGACY, person=None):
        with placed("bearer", AUTHORIZATION, "", Secret("sk-canary")) as credential:
            return await transport.request(
                Endpoint(connector, NATIVE, hostile.url(path), LOCAL, era),
                credential,
                calling("pay"),
                caller=Caller("dana", b'{"elicitation":{}}' if person else b"{}"),
                deadline=10,
                on_question=person,
            )

    return call


UNKNOWN = {
    "empty": in_words(404, ""),
    "bare": in_words(404, "Not Found"),
    "page": in_words(404, "<html><head><title>404 Not Found</title></head></html>", HTML),
    "api": in_words(404, '{"detail":"Not Found"}', JSON),
    "plain": in_words(404, "404 page not found\n"),
    "typescript": in_words(404, error("Session not found", -32001), JSON),
    "python": in_words(404, error("Session not found", -32600, "server-error"), JSON),
    "own id": own_error(404, "Session not found", -32001),
    "own id, other words": own_error(404, "Unknown", -32001),
    "own id, own code": own_error(404, "This session has ended", -32600),
    "go": in_words(404, "session not found\n"),
    "java": in_words(404, error("Session not found: 3f2a-77", -32603), JSON),
    "in another language": in_words(404, "Sitzung unbekannt"),
    "as an event": in_words(404, "data: " + error("Session not found", -32001).decode() + "\n\n", SSE_KIND),
    "400 typescript": in_words(400, error("Bad Request: No valid session ID provided", -32000), JSON),
    "400 restarted": in_words(400, error("Bad Request: Server not initialized", -32000), JSON),
    "400 own id": own_error(400, "Invalid session ID", -32600),
    "400 text": in_words(400, "Invalid or expired session", PLAIN),
    "400 api": in_words(400, '{"error":"invalid_session"}', JSON),
    "410": in_words(410, "This session is gone"),
    "403": in_words(403, '{"error":"unknown session"}', JSON),
    "200": own_error(200, "Session not found", -32000),
    "200 without an id": in_words(200, error("No valid session", -32600), JSON),
}


@pytest.mark.parametrize("way", UNKNOWN)
async def test_a_lost_session_is_replaced_and_the_call_is_made(hostile, dana, way):
    path = behaving(f"/loses/{way}".replace(" ", "-"), legacy(UNKNOWN[way]))
    assert (await dana(path)).result
    hostile.sessions.clear()
    assert (await dana(path)).result
    assert (await dana(path)).result
    assert len(hostile.of("tools/call")) == 4
    assert len(hostile.of("initialize")) == 2


ITS_OWN = {
    "text": in_words(400, "Amount must be positive"),
    "api": in_words(400, '{"code":"declined","message":"Card declined"}', JSON),
    "no words": in_words(400, ""),
    "a session of its own": in_words(400, '{"message":"Your checkout session has expired"}', JSON),
    "rpc without an id": in_words(400, error("Cannot parse amount"), JSON),
    "rpc": own_error(400, "Amount must be positive", -32602),
    "404": in_words(404, '{"message":"There is no account 17"}', JSON),
    "404 rpc": own_error(404, "No such account", -32602),
    "404 api": in_words(404, '{"message":"Not Found","documentation_url":"https://docs.example"}', JSON),
    "404 text": in_words(404, "Not Found"),
    "404 of a session of its own": in_words(404, '{"message":"Checkout session cs_1 not found"}', JSON),
    "409": in_words(409, "Already paid"),
    "410": in_words(410, "Session gone"),
    "500": in_words(500, "Session not found"),
    "200": own_error(200, "Checkout session 7 not found", -32000),
}


@pytest.mark.parametrize("way", ITS_OWN)
async def test_a_refusal_of_the_call_is_not_taken_for_a_lost_session(hostile, dana, way):
    path = behaving(f"/refuses/{way}".replace(" ", "-"), legacy(tools_call=once(ITS_OWN[way])))
    said = ""
    try:
        said = (await dana(path)).error.decode()
    except UpstreamError as problem:
        said = problem.message
    assert len(hostile.of("tools/call")) == 1
    assert any(word in said for word in ("mount", "declined", "doesn't say", "ession", "account", "paid", "Not Found"))
    assert (await dana(path)).result
    assert len(hostile.of("tools/call")) == 2
    assert len(hostile.of("initialize")) == (2 if way.startswith("404") else 1)


async def test_a_server_that_does_not_know_ping_has_not_lost_the_session(hostile, dana):
    """Nor one that refuses a ping in words of another kind."""
    refuses_ping = own_error(404, "Method not found", -32601)
    path = behaving("/knows-no-ping", legacy(tools_call=once(ITS_OWN["404 text"]), ping=refuses_ping))
    with pytest.raises(UpstreamError, match="404"):
        await dana(path)
    assert (len(hostile.of("ping")), len(hostile.of("tools/call"))) == (1, 1)


async def test_a_server_that_keeps_no_session_is_not_asked_forever(hostile, dana):
    async def forget(its, seen, writer):
        its.sessions.clear()
        await own_error(404, "Session not found", -32001)(its, seen, writer)

    path = behaving("/forgets", legacy(tools_call=forget))
    with pytest.raises(UpstreamBroken, match="didn't know it a moment later") as failure:
        await dana(path)
    assert "Session not found" in failure.value.message
    assert not failure.value.is_outcome_open
    assert (len(hostile.of("initialize")), len(hostile.of("tools/call"))) == (2, 2)


async def test_those_who_lose_a_session_together_open_one(hostile, dana):
    path = behaving("/loses", legacy(own_error(404, "Session not found", -32001)))
    await dana(path)
    hostile.sessions.clear()
    await asyncio.gather(*(dana(path) for _ in range(8)))
    assert len(hostile.of("initialize")) == 2


async def test_a_session_in_which_no_answer_is_wanted_any_more_is_not_used_again(hostile, dana):
    """It asks, and by the time of the answer it has lost the session."""

    async def ask_and_forget(its, seen, writer):
        stream(writer)
        writer.write(event(message("elicitation/create", FORM, "q")))
        await writer.drain()
        its.sessions.clear()
        await answer_to(its, "q")
        writer.write(event(b'{"jsonrpc":"2.0","id":%d,"result":{}}' % seen.message["id"]))

    async def person(method, params):
        return b'"result":{"action":"decline"}'

    path = behaving("/asks-and-forgets", legacy(tools_call=ask_and_forget))
    await dana(path, person=person)
    await dana(path, person=person)
    assert len(hostile.of("initialize")) == 2
    assert len(hostile.of("tools/call")) == 2


@pytest.mark.parametrize("way", ["text", "api", "no words", "a session of its own", "rpc", "404", "500"])
async def test_nor_is_a_call_repeated_over_the_oldest_transport(hostile, dana, way):
    path = old("/old-refuses", once(ITS_OWN[way]))
    try:
        assert (await dana(path, SSE)).error
    except UpstreamError as problem:
        assert problem.message
    assert len(hostile.of("tools/call")) == 1


async def test_the_oldest_transport_opens_another_stream_for_a_lost_one(hostile, dana):
    path = old("/old-loses")
    assert (await dana(path, SSE)).result
    hostile.sessions.add("0")
    assert (await dana(path, SSE)).result
    assert len(hostile.of("tools/call")) == 3
    assert len([seen for seen in hostile.seen if seen.method == "GET"]) == 2


async def test_an_answer_counts_even_if_its_post_was_refused(hostile, dana):
    async def answer_and_refuse(its, seen, writer):
        its.streams[-1].write(event(answer(seen)))
        await its.streams[-1].drain()
        await asyncio.sleep(0.2)
        reply(writer, b"too late", 400, PLAIN)

    assert (await dana(old("/old-answers", answer_and_refuse), SSE)).result
    assert len(hostile.of("tools/call")) == 1


async def test_a_redirect_is_not_followed_with_a_call(hostile, dana):
    path = behaving("/moves", legacy(tools_call=in_words(308, "", PLAIN, "Location: /fine")))
    with pytest.raises(UpstreamBroken, match="redirect"):
        await dana(path)
    assert len(hostile.of("tools/call")) == 1


async def test_a_connection_that_closes_is_not_tried_again(hostile, dana, transport):
    async def hang_up(its, seen, writer):
        writer.transport.abort()

    path = behaving("/hangs-up", legacy(tools_call=hang_up))
    with pytest.raises(UpstreamDown, match="hung up") as failure:
        await dana(path)
    assert failure.value.is_outcome_open
    assert len(hostile.of("tools/call")) == 1


async def test_a_stream_that_breaks_off_is_resumed_by_asking_for_its_rest_alone(hostile, dana):
    async def break_off(its, seen, writer):
        stream(writer)
        writer.write(b"id: first\ndata:\n\n")

    path = behaving("/breaks-off-once", legacy(tools_call=break_off))
    with pytest.raises(UpstreamBroken, match="ended the event stream") as failure:
        await dana(path)
    assert failure.value.is_outcome_open
    assert len(hostile.of("tools/call")) == 1
    assert [seen.headers["last-event-id"] for seen in hostile.seen if seen.method == "GET"] == ["first"]
