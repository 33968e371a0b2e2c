"""Event streams give the same events however their bytes are cut, and messages keep their bytes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import UpstreamBroken
from connectors.transports.native.answers import answer_of
from connectors.transports.native.envelope import DEEPEST, Faulty, Mended, Unreadable, one_line, read_message
from connectors.transports.native.outgoing import ServerReply
from connectors.transports.native.sse import EventReader, TooManyEvents

STREAM = (
    b"\xef\xbb\xbf: comment\n\ndata: one\n\ndata:two\ndata: lines\nid: 7\n\nevent: message\r\ndata: three\r\n\r\n"
    b"event: ping\ndata: not for us\n\ndata\n\nretry: 5\n\ndata: four\r\rdata: unfinished\n"
)
EVENTS = [b"one", b"two\nlines", b"three", b"four"]


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_events_do_not_depend_on_where_chunks_end(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    reader = EventReader(100)
    found = [data for start, end in pairwise(edges) for data in reader.feed(STREAM[start:end])]
    assert found == EVENTS


def test_events_are_counted():
    with pytest.raises(TooManyEvents):
        list(EventReader(3).feed(b": keep alive\n\n" * 4))


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"1", b'{"id":1,"result":{}', b'{"id":1,"result":{}} {}', b'{"id":1,"result":"\xff}',
        b'{"id":1,"result":nul}', b'{"id":1,"result":"\\x00"}', b'{"method":5}',
        b'{"id":1,"params":' + b"[" * 200 + b"]" * 200 + b"}",
    ],
)  # fmt: skip
def test_what_is_not_a_message_is_unreadable(raw):
    with pytest.raises(Unreadable):
        read_message(raw)


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (b'"a\xffb"', '"a\ufffdb"'), (b'"\x00"', '"\\u0000"'), (b'"\\ud83d"', '"\\ufffd"'),
        (b"[NaN,-Infinity]", "[null,null]"),
        (b'{"\\ude00":1e400}', '{"\\ufffd":1e400}'),
    ],
)  # fmt: skip
def test_one_bad_string_or_number_costs_itself_alone(raw, result):
    message = read_message(b'{"id":1,"result":' + raw + b"}")
    assert isinstance(message, Faulty)
    answer = answer_of(ServerReply(200, message), b"1", "legacy", "tools/call")
    assert answer.result.decode() == result
    assert answer.notes
    message = read_message(b'{"id":1,"error":' + raw + b"}")
    assert isinstance(message, Mended)
    assert bytes(message.error).decode() == result
    assert message.notes


def test_a_result_that_nests_too_deep_is_no_answer():
    message = read_message(b'{"id":1,"result":' + b"[" * 200 + b"]" * 200 + b"}")
    with pytest.raises(UpstreamBroken, match="can't be read: its JSON is nested too deep"):
        answer_of(ServerReply(200, message), b"1", "legacy", "tools/call")


def test_what_is_json_is_not_touched():
    raw = b'{"id":1,"result":{"a":"\\ud83d\\ude00 \\\\ud83d NaN","b":1e400,"a":-0}}'
    message = read_message(raw)
    assert not isinstance(message, Mended | Faulty)
    assert bytes(message.result) == raw[17:-1]


def test_what_a_message_carries_keeps_its_bytes():
    raw = b'{"jsonrpc":"2.0","id" : "a\\u0062","result":{ "x" : 1.10, "y":99999999999999999999,\n"z":"\\u00e9" }}'
    message = read_message(raw)
    assert bytes(message.id) == b'"a\\u0062"'
    assert one_line(bytes(message.result)) == b'{ "x" : 1.10, "y":99999999999999999999, "z":"\\u00e9" }'
    assert read_message(b'{"id":1,"result":' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b"}")
