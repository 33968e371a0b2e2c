"""What of a client's trace context goes on to the server."""

from __future__ import annotations

from typing import Any

import pytest

from harriet.lib.trace_context import passed_on, with_trace

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


def test_all_three_from_meta() -> None:
    meta = {
        "traceparent": PARENT,
        "tracestate": "rojo=00f067aa0ba902b7,tenant@vendor=1",
        "baggage": "userId=alice,isProduction=false;ttl=60 ; public",
    }
    assert passed_on(meta, {}) == meta


def test_headers_count_where_meta_says_nothing() -> None:
    headers = {b"traceparent": PARENT.encode(), b"tracestate": b"rojo=1", b"baggage": b"private=yes"}
    assert passed_on({}, headers) == {"traceparent": PARENT, "tracestate": "rojo=1"}
    assert passed_on({"traceparent": "no"}, headers) == {"traceparent": PARENT, "tracestate": "rojo=1"}
    other = PARENT.replace("b7ad", "ffff")
    assert passed_on({"traceparent": other, "tracestate": "a b"}, headers) == {"traceparent": other}


@pytest.mark.parametrize(
    "value",
    [
        *("", 7, None, "no", PARENT.upper(), PARENT[:-1], PARENT + "\n", f" {PARENT}", f"{PARENT}-more"),
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-٠١",
        f"01-{TRACE}-{SPAN}-01-" + "x" * 1000,
    ],
)
def test_a_malformed_parent_takes_the_state_with_it(value: Any) -> None:
    assert passed_on({"traceparent": value, "tracestate": "a=1"}, {}) == {}


def test_a_later_version_is_read_as_the_first() -> None:
    for later in (f"01-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-the-future-brings"):
        assert passed_on({"traceparent": later}, {}) == {"traceparent": PARENT}


@pytest.mark.parametrize(
    "state",
    ["", "a", "A=1", "a=1,a=2", "a=1,,b=2", "a=1\r\nx: y", "a=" + "x" * 257, ",".join(f"k{n}=1" for n in range(33)), 5],
)
def test_a_malformed_state_is_dropped(state: Any) -> None:
    assert passed_on({"traceparent": PARENT, "tracestate": state}, {}) == {"traceparent": PARENT}


@pytest.mark.parametrize("baggage", ["", "a", "a=b c", 'a="b"', "a=b,", "a=ü", "a=1\n", "a=" + "x" * 8192, {"a": 1}])
def test_malformed_baggage_is_dropped(baggage: Any) -> None:
    assert passed_on({"baggage": baggage}, {}) == {}


def test_the_rest_of_meta_is_left_alone() -> None:
    meta = {"progressToken": 1, "example.com/x": {"y": [None]}}
    assert with_trace(meta, {}) is meta
    assert with_trace({**meta, "traceparent": "no", "baggage": "b=1"}, {}) == {**meta, "baggage": "b=1"}
    assert "traceparent" in with_trace(meta, {b"traceparent": PARENT.encode()})
