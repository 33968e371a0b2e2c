"""Answers as HTTP, JSON-RPC and event streams allow them, and a little beyond: read, or said to be unreadable."""

import gzip
import json
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import UpstreamBroken, UpstreamTimeout
from connectors.transports.base import NATIVE, Caller, Endpoint
from connectors.transports.native.envelope import read_message
from connectors.transports.native.sse import EventReader
from harriet.lib.mcp.versions import LEGACY, MODERN, SSE
from tests.connectors.asking import LOCAL, calling
from tests.servers.hostile import BEHAVIOURS, JSON, event
from tests.servers.refusing import behaving, legacy, old, streamed, written
from vault.opened import OpenCredential

ANSWER = '{"jsonrpc":"2.0","id":ID,"result":{"resultType":"complete","content":[{"type":"text","text":"grün"}]}}'


async def call(transport, url, era=MODERN, *, deadline=10.0, listen=None, connector=None):
    with OpenCredential() as credential:
        answer = await transport.request(
            Endpoint(connector or uuid4(), NATIVE, url, LOCAL, era),
            credential,
            calling("x"),
            caller=Caller("dana"),
            deadline=deadline,
            on_notification=listen,
        )
    return json.loads(answer.result or answer.error)


@pytest.mark.parametrize(
    "head",
    [
        ["Content-Type: Application/JSON"],
        ["content-type:application/json;charset=UTF-8"],
        ["Content-Type:   APPLICATION/json  ;  charset=utf-8  "],
        ["Content-Type: application/json", "Content-Type: application/json"],
        ["Content-Type: application/json, application/json"],
        ["Content-Type: text/json"],
        ["Content-Type: application/json-rpc"],
        ["Content-Type: application/vnd.api+json"],
        ["Content-Type: application/json; charset=nonsense"],
        [],
    ],
)
async def test_a_json_answer_is_read_under_any_of_its_names(hostile, transport, head):
    answer = await call(transport, hostile.url(behaving("/head", written(head, ANSWER))))
    assert answer["content"][0]["text"] == "grün"


ENCODED = {
    "a mark": ("application/json", b"\xef\xbb\xbf" + ANSWER.encode()),
    "a mark and a charset": ("application/json; charset=utf-8", b"\xef\xbb\xbf" + ANSWER.encode()),
    "latin": ("application/json; charset=ISO-8859-1", ANSWER.encode("latin-1")),
    "said latin, is utf-8": ("application/json; charset=iso-8859-1", ANSWER.encode()),
    "windows": ('application/json; charset="windows-1252"', ANSWER.encode("cp1252")),
}


@pytest.mark.parametrize("way", ENCODED)
async def test_a_json_answer_is_read_in_its_encoding(hostile, transport, way):
    kind, raw = ENCODED[way]
    answer = await call(transport, hostile.url(behaving("/encoded", written([f"Content-Type: {kind}"], raw))))
    assert answer["content"][0]["text"] == "grün"


async def test_a_packed_answer_is_unpacked(hostile, transport):
    async def packed(its, seen, writer):
        raw = gzip.compress(ANSWER.replace("ID", str(seen.message["id"])).encode())
        await written([f"Content-Type: {JSON}", "Content-Encoding: GZIP"], raw)(its, seen, writer)

    assert (await call(transport, hostile.url(behaving("/gzip", packed))))["content"]


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/octet-stream", "application/jsonp"])
async def test_what_is_called_something_else_is_no_answer(hostile, transport, kind):
    with pytest.raises(UpstreamBroken, match=kind) as failure:
        await call(transport, hostile.url(behaving("/kind", written([f"Content-Type: {kind}"], ANSWER))))
    assert failure.value.is_outcome_open


@pytest.mark.parametrize(
    "name",
    ["Mcp-Session-Id: s1", "MCP-SESSION-ID:s1", "mcp-session-id:  s1  ", "Mcp-Session-Id: s1\r\nmcp-session-id: s1"],
)
async def test_a_session_id_is_found(hostile, transport, name):
    hello = '{"jsonrpc":"2.0","id":ID,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}'
    path = behaving("/session", legacy(initialize=written([f"Content-Type: {JSON}", name], hello)))
    hostile.sessions.add("s1")
    assert await call(transport, hostile.url(path), LEGACY)
    assert [seen.headers["mcp-session-id"] for seen in hostile.of("tools/call")] == ["s1"]


async def test_two_different_session_ids_are_none(hostile, transport):
    hello = '{"jsonrpc":"2.0","id":ID,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}'
    head = [f"Content-Type: {JSON}", "Mcp-Session-Id: s1", "Mcp-Session-Id: s2"]
    with pytest.raises(UpstreamBroken, match="session id"):
        await call(transport, hostile.url(behaving("/sessions", legacy(initialize=written(head, hello)))), LEGACY)


@pytest.mark.parametrize("id", ['"ID"', "ID.0", '"ID.00"'])
@pytest.mark.parametrize("way", ["json", "events"])
async def test_the_only_request_is_answered_by_its_number_in_another_form(hostile, transport, id, way):
    body = ANSWER.replace("ID", id)
    behaviour = written([f"Content-Type: {JSON}"], body) if way == "json" else streamed(f"data: {body}\n\n")
    assert (await call(transport, hostile.url(behaving("/ids", behaviour))))["content"]


@pytest.mark.parametrize("id", ['"ID1"', "1ID", '"x"', "ID.5", "null", '"ID', "[ID]", "true"])
async def test_what_answers_something_else_is_no_answer(hostile, transport, id):
    body = ANSWER.replace("ID", id)
    with pytest.raises(UpstreamBroken):
        await call(transport, hostile.url(behaving("/other-ids", written([f"Content-Type: {JSON}"], body))))


async def test_an_error_that_names_no_request_is_about_the_only_one(hostile, transport):
    body = '{"jsonrpc":"2.0","id":null,"error":{"code":-32044,"message":"No"}}'
    for behaviour in (written([f"Content-Type: {JSON}"], body), streamed(f"data: {body}\n\n")):
        assert await call(transport, hostile.url(behaving("/no-id", behaviour))) == {"code": -32044, "message": "No"}


NULLS = '"params":null,"error":null,"method":null'
RESULT = '"result":{"content":[{"type":"text","text":"%s"}]}'


@pytest.mark.parametrize("way", ["json", "events"])
@pytest.mark.parametrize(
    ("members", "found"),
    [
        (f'{RESULT % "a"},"error":null', "a"),
        (f'"error":null,{RESULT % "a"}', "a"),
        (f"{NULLS},{RESULT % 'a'}", "a"),
        (f"{NULLS},{RESULT % 'a' + chr(92) + 'ud83d'}".replace('"}]}\\ud83d', '\\ud83d"}]}'), "a\ufffd"),
        ('"result":null,"error":{"code":7,"message":"no"}', "no"),
        ('"method":null,"result":null,"error":{"code":7,"message":"no","data":null}', "no"),
    ],
)
async def test_a_member_that_is_null_is_none(hostile, transport, way, members, found):
    body = f'{{"jsonrpc":"2.0","id":ID,{members}}}'
    behaviour = written([f"Content-Type: {JSON}"], body) if way == "json" else streamed(f"data: {body}\n\n")
    answer = await call(transport, hostile.url(behaving("/nulls", behaviour)))
    assert (answer["content"][0]["text"] if "content" in answer else answer["message"]) == found


@pytest.mark.parametrize("members", ['"result":null', '"error":null', '"result":null,"error":null', '"method":null'])
async def test_nulls_alone_are_no_answer(hostile, transport, members):
    body = f'{{"jsonrpc":"2.0","id":ID,{members}}}'
    with pytest.raises(UpstreamBroken) as failure:
        result = await call(transport, hostile.url(behaving("/null", written([f"Content-Type: {JSON}"], body))))
        assert result is None
        raise UpstreamBroken("whoever asked is told that it is no result")
    assert failure.value.is_outcome_open


OLDER = written(
    [f"Content-Type: {JSON}", "Mcp-Session-Id: older"],
    '{"jsonrpc":"2.0","id":ID,"result":{"protocolVersion":"2025-03-26","capabilities":{}}}',
)
PROGRESS = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}'


@pytest.mark.parametrize("way", ["json", "events", "unended"])
async def test_a_batch_is_taken_apart(hostile, transport, way):
    """As servers of 2025-03-26 may answer."""
    heard = []
    hostile.sessions.add("older")

    async def listen(raw):
        heard.append(json.loads(raw)["method"])

    batch = f" [{PROGRESS},\n{ANSWER},{PROGRESS}]".replace("grün", "gr\\u00fcn\\ud83d")
    if way != "json":
        batch = batch.replace("\n", "")
    behaviour = written([f"Content-Type: {JSON}"], batch) if way == "json" else streamed(f"data: {batch}\n\n")
    if way == "unended":
        behaviour = streamed(f"data: {batch}")
    answer = await call(
        transport,
        hostile.url(behaving("/batch", legacy(initialize=OLDER, tools_call=behaviour))),
        LEGACY,
        listen=listen,
    )
    assert answer["content"][0]["text"] == "grün\ufffd"
    assert heard == ["notifications/progress"] * 2


@pytest.mark.parametrize(
    "body", ["[]", "[1]", f"[{PROGRESS}]", "[[]]", "[{]", '[{"jsonrpc":"2.0","id":"x","result":{}}]']
)
async def test_a_batch_without_the_answer_is_none(hostile, transport, body):
    hostile.sessions.add("older")
    with pytest.raises(UpstreamBroken):
        await call(
            transport,
            hostile.url(
                behaving("/no-batch", legacy(initialize=OLDER, tools_call=written([f"Content-Type: {JSON}"], body)))
            ),
            LEGACY,
        )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"error":"quota exceeded"}', "It said: “quota exceeded”."),
        ('{"message":"Sign in first","code":7}', "It said: “Sign in first”."),
        ('{"jsonrpc":"2.0","id":ID,"error":"boom"}', "It said: “boom”."),
        ('{"jsonrpc":"2.0","id":ID,"error":{"code":"E7","message":"boom"}}', "It said: “E7: boom”."),
    ],
)
async def test_an_error_that_is_not_json_rpcs_is_told_in_its_words(hostile, transport, body, told):
    with pytest.raises(UpstreamBroken) as failure:
        await call(transport, hostile.url(behaving("/own-error", written([f"Content-Type: {JSON}"], body))))
    assert told in failure.value.message


async def test_what_answers_somebody_else_is_not_quoted(hostile, transport):
    body = '{"jsonrpc":"2.0","id":"other","result":{"message":"of another person"}}'
    with pytest.raises(UpstreamBroken, match="something else") as failure:
        await call(transport, hostile.url(behaving("/others", written([f"Content-Type: {JSON}"], body))))
    assert "another person" not in failure.value.message


async def test_an_error_may_add_what_no_computer_counts_with(hostile, transport):
    body = b'{"jsonrpc":"2.0","id":ID,"error":{"code":-32044,"message":"No","data":{"n":1e400}}}'
    with OpenCredential() as credential:
        endpoint = Endpoint(
            uuid4(),
            NATIVE,
            hostile.url(behaving("/error-data", written([f"Content-Type: {JSON}"], body))),
            LOCAL,
            MODERN,
        )
        answer = await transport.request(endpoint, credential, calling("x"), caller=Caller(), deadline=5)
    assert answer.error == b'{"code":-32044,"message":"No","data":{"n":1e400}}'


async def test_the_oldest_transport_takes_them_too(hostile, transport):
    path = old("/old-odd", as_text=True, greeting=b"data: hello\n\nevent: beat\ndata: x\n\n")
    assert (await call(transport, hostile.url(path), SSE))["content"]


def test_an_answer_in_another_form_is_none_where_its_id_is_exact():
    assert read_message(b'{"id":7,"result":{}}').answers(b"7")
    assert not read_message(b'{"id":"7","result":{}}').answers(b"7")
    assert not read_message(b'{"id":"7","method":"x"}').answers_alone(b"7")
    assert not read_message(b'{"id":"7"}').answers_alone(b"7")


@pytest.mark.parametrize(
    "pieces",
    [
        ("data: hello\n\n", "ANSWER"),
        ("data: [DONE]\n\ndata: {broken\n\n", 'data: {"type":"connected"}\n\n', "ANSWER"),
        ("event: ping\ndata: 1\n\n: comment\n\nid: 4\nretry: 10\ndata:\n\n", "ANSWER"),
        ("\xef", "\xbb", "\xbf", "ANSWER"),
        ("data: x\n\n" * 900, "ANSWER"),
    ],
)
@pytest.mark.parametrize("kind", ["text/event-stream", "TEXT/event-stream;charset=UTF-8", "Text/Event-Stream ; x=y"])
async def test_what_comes_before_the_answer_is_passed_over(hostile, transport, pieces, kind):
    raw = [piece.encode("latin-1") for piece in pieces]
    assert (await call(transport, hostile.url(behaving("/events", streamed(*raw, kind=kind)))))["content"]


async def test_it_is_told_when_nothing_else_comes(hostile, transport):
    for pieces, told in (
        (("data: hello\n\n",), "An event of its stream could not be read"),
        (("data: hello\n\n" * 3,), "3 events of its stream could not be read"),
        (("event: result\ndata: {}\n\n",), "It sent an event named “result”, which MCP doesn't know."),
    ):
        with pytest.raises(UpstreamBroken, match="without an answer") as failure:
            await call(transport, hostile.url(behaving("/nothing", streamed(*pieces))))
        assert told in failure.value.message
    with pytest.raises(UpstreamBroken, match="can't be read"):
        await call(transport, hostile.url(behaving("/too-many", streamed("data: x\n\n" * 1100, "ANSWER"))))


async def test_it_is_told_when_nothing_else_comes_in_time(hostile, transport):
    async def greet_and_hang(its, seen, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: hello\n\n")
        await writer.drain()
        await BEHAVIOURS["/hang"](its, seen, writer)

    with pytest.raises(UpstreamTimeout) as failure:
        await call(transport, hostile.url(behaving("/greets", greet_and_hang)), deadline=3.0)
    assert "An event of its stream could not be read" in failure.value.message


async def test_the_last_event_may_lack_its_empty_line(hostile, transport):
    answer = 'data: {"jsonrpc":"2.0","id":ID,"result":{"content":[]}}'
    for tail in ("", "\n", "\r\n", "\r"):
        assert await call(transport, hostile.url(behaving("/unended", streamed(answer + tail))))
    with pytest.raises(UpstreamBroken, match="without an answer"):
        await call(transport, hostile.url(behaving("/cut", streamed(answer[:-2]))))


async def test_numbers_that_no_computer_counts_with_pass_as_they_are(hostile, transport):
    heard = []

    async def listen(raw):
        heard.append(raw)

    note = (
        b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1,"total":1e400}}'
    )
    await call(transport, hostile.url(behaving("/huge-number", streamed(event(note), "ANSWER"))), listen=listen)
    assert heard == [note]


@given(st.lists(st.integers(0, 200), max_size=20))
def test_a_mark_and_every_line_end_may_be_cut_anywhere(cuts):
    raw = (
        b"\xef\xbb\xbfdata: one\r\n\r\nid: \xc3\xa9\r\rid: a\x00b\rdata: two\r\r\nevent:\ndata:three\n\n"
        b"data\n\ndata:\n\nretry: 12x\n\nretry: 70\nevent: message\r\ndata: \xef\xbb\xbffour\r\n\r\n\r\n\n"
    )
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    reader = EventReader(100)
    found = [data for start, end in pairwise(edges) for data in reader.feed(raw[start:end])]
    assert found == [b"one", b"two", b"three", b"\xef\xbb\xbffour"]
    assert (reader.last_id, reader.retry) == ("é", 0.07)


def test_an_unended_event_does_not_say_where_to_go_on():
    reader = EventReader(10)
    assert list(reader.feed(b"id: 1\ndata: a\n\nid: 2\ndata: b")) == [b"a"]
    assert (reader.rest(), reader.last_id) == (b"b", "1")
    assert reader.rest() == b""
