"""A client is held for no longer than it waits: as it says, as it shows, or as little as any client waits."""

from __future__ import annotations

from typing import Any

import pytest

from harriet.gateway.steps.patience import SHORT, patience_told, seconds_left, seconds_to_hold
from harriet.gateway.steps.request import Call

TOLD: dict[str, tuple[dict[bytes, bytes], float | None]] = {
    "nothing": ({b"accept": b"application/json"}, None),
    "a preference": ({b"prefer": b"wait=60"}, 59),
    "among others": ({b"prefer": b"respond-async, wait=10; x=1"}, 9),
    "quoted, and shouted": ({b"prefer": b'WAIT = "10"'}, 9),
    "briefly": ({b"prefer": b"wait=2"}, 1.5),
    "not at all": ({b"prefer": b"wait=0"}, 0),
    "another word that ends in wait": ({b"prefer": b"dont-wait=10"}, None),
    "no number": ({b"prefer": b"wait=long"}, None),
    "beyond reason": ({b"prefer": b"wait=99999999999999999999"}, None),
    "a proxy's time-out": ({b"x-envoy-expected-rq-timeout-ms": b"15000"}, 14),
    "a proxy without one": ({b"x-envoy-expected-rq-timeout-ms": b"0"}, None),
    "a proxy that makes no sense": ({b"x-envoy-expected-rq-timeout-ms": b"15s"}, None),
}


@pytest.mark.parametrize("said", TOLD)
def test_what_a_client_says_is_kept_to(said: str) -> None:
    headers, seconds = TOLD[said]
    assert patience_told(headers, headers.get(b"prefer", b"")) == seconds


class Line:
    is_gone = False
    may_stream = True

    async def notify(self, message: bytes) -> None:
        return

    async def keep_alive(self) -> None:
        return


class Mute(Line):
    may_stream = False


def call(**fields: Any) -> Call:
    """As far as patience looks at it."""
    nobody: Any = None
    return Call(nobody, nobody, nobody, "echo", b"{}", {}, **fields)


WAITS: dict[str, tuple[dict[str, Any], float]] = {
    "a framework that says nothing": ({"is_introduced": True, "stream": Line()}, SHORT),
    "one that asks for progress": ({"is_introduced": True, "stream": Line(), "meta": {"progressToken": 0}}, 25),
    "one that asks but can't hear it": ({"is_introduced": True, "stream": Mute(), "meta": {"progressToken": 0}}, SHORT),
    "one that says how long": ({"is_introduced": True, "stream": Line(), "patience": 9.0}, 9),
    "one that says longer than is allowed": ({"is_introduced": True, "stream": Line(), "patience": 99.0}, 25),
    "a script": ({"stream": Line()}, 25),
}


@pytest.mark.parametrize("who", WAITS)
def test_nobody_is_held_longer_than_they_wait(who: str) -> None:
    fields, seconds = WAITS[who]
    assert seconds_to_hold(call(**fields), 25) == seconds
    assert SHORT < 5  # the shortest time-out of frameworks


@pytest.mark.parametrize("who", WAITS)
def test_only_who_gives_up_is_answered_before_an_approved_call_has_ended(who: str) -> None:
    fields, seconds = WAITS[who]
    left = seconds_left(call(**fields))
    assert (left is None) == (who in {"one that asks for progress", "a script"})
    assert left is None or left <= max(seconds, fields.get("patience", 0))
