"""JSON with one bad string in it, made JSON that every parser takes; nothing else changes."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harriet.lib.json.legible import NUMBER, TEXT, made_legible

HALF = "\ufffd"
CASES = [
    (rb'{"a":"\ud83d"}', {"a": HALF}),
    (rb'{"a":"\ude00\ud83d"}', {"a": HALF * 2}),
    (rb'{"a":"\ud83d\ud83d\ude00"}', {"a": HALF + "😀"}),
    (rb'{"a":"\\\ud83d"}', {"a": "\\" + HALF}),
    (rb'{"\ud83d":1}', {HALF: 1}),
    (rb'{"a":"\uD83D\u0041"}', {"a": HALF + "A"}),
    (b'{"a":"\xff\xfe"}', {"a": HALF * 2}),
    (b'{"a":"\x00\n"}', {"a": "\x00\n"}),
]


@pytest.mark.parametrize(("raw", "value"), CASES)
def test_text_that_is_not_unicode_is_replaced(raw: bytes, value: object) -> None:
    legible, notes = made_legible(raw)
    assert msgspec.json.decode(legible) == value
    assert notes == (TEXT,)


def test_numbers_that_json_does_not_have_are_null() -> None:
    legible, notes = made_legible(b'{"a":[NaN,Infinity,-Infinity],"NaN":"Infinity"}')
    assert msgspec.json.decode(legible) == {"a": [None] * 3, "NaN": "Infinity"}
    assert notes == (NUMBER,)


def test_a_byte_order_mark_goes() -> None:
    assert made_legible(b'\xef\xbb\xbf{"a":1}') == (b'{"a":1}', ())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES, st.booleans())
def test_what_is_json_keeps_its_bytes(value: object, is_ascii: bool) -> None:
    raw = json.dumps(value, ensure_ascii=is_ascii).encode(errors="replace")
    assert made_legible(raw) == (raw, ())


@given(st.binary())
def test_nothing_breaks_it(raw: bytes) -> None:
    legible, _ = made_legible(raw)
    legible.decode()
    assert made_legible(legible)[0] == legible


@given(st.text(alphabet=st.characters(), min_size=1))
def test_every_text_becomes_one_that_strict_parsers_take(text: str) -> None:
    raw = b'{"a":"' + "".join(f"\\u{ord(one) & 0xFFFF:04x}" for one in text).encode() + b'"}'
    msgspec.json.decode(made_legible(raw)[0])
