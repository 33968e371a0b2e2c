"""A client is held for no longer than it waits: as it says, as it shows, or as little as any client waits."""

from __future__ import annotations

import pytest

from harriet.gateway.patience import SHORT, patience_told

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
    assert patience_told(headers) == seconds


def test_who_says_nothing_is_answered_before_five_seconds_are_over() -> None:
    assert SHORT < 5
