"""JSON that two parsers could read differently is refused; canonical bytes are one per value."""

import json
import time

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from harriet.lib.json.canonical import NotRepresentable, canonical_bytes, digest, is_deeper_than, parse_strict

SAFE = 2**53 - 1
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-SAFE, SAFE)
    | st.integers(-(10**300), 10**300)
    | st.floats(-1e15, 1e15)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":2}',
        b'{"x":{"a":1,"\\u0061":2}}',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b'"\\ud800"',
        b'{"\\uDFFF":1}',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"",
        b"{",
        b"[1,]",
        b"\xef\xbb\xbf{}",
        b"01",
        b"{} {}",
        b'"\n"',
    ],
)
def test_ambiguous_json_is_refused(raw):
    with pytest.raises(NotRepresentable):
        parse_strict(raw)


@pytest.mark.parametrize("value", [10**400, -(10**309), float("nan"), float("inf"), "\ud800", {1: 2}, object(), {1, 2}])
def test_what_json_cannot_hold_exactly_has_no_canonical_form(value):
    with pytest.raises(NotRepresentable):
        canonical_bytes(value)
    with pytest.raises(NotRepresentable):
        canonical_bytes({"beside a long number": 2**53, "a": [value]})


@pytest.mark.parametrize("number", [2**53, 9223372036854775807, 18446744073709551615, 7960607143101464576, -(2**200)])
def test_whole_numbers_beyond_a_double_keep_all_their_digits(number):
    assert canonical_bytes({"b": number, "a": [1.0, "é", None, True]}) == (
        b'{"a":[1,"\xc3\xa9",null,true],"b":%d}' % number
    )
    assert digest(number) != digest(number + 1)


@pytest.mark.parametrize(
    ("one", "other"), [(b"1.0", b"1"), (b"1e2", b"100"), (b"-0.0", b"0"), (b"1e20", b"100000000000000000000")]
)
def test_one_number_written_in_two_ways_has_one_form(one, other):
    assert canonical_bytes(parse_strict(one)) == canonical_bytes(parse_strict(other))


def test_what_rfc_8785_covers_keeps_its_form_beside_long_numbers():
    value = {"€": 1e21, "\r": 4.5e-7, "\U0001f600": "\x0f\n", "\ufb33": [-0.0, 1e16, 333333333.33333329], "1": {}}
    assert (
        canonical_bytes({**value, "z": 2**60})
        == rfc8785.dumps(value)[:-1].replace(b',"\xe2\x82\xac"', b',"z":1152921504606846976,"\xe2\x82\xac"') + b"}"
    )


def test_brackets_in_strings_are_not_depth():
    raw = json.dumps(["[" * 500, '"{\\' * 500, [[1]]]).encode()
    assert parse_strict(raw) == json.loads(raw)
    assert not is_deeper_than(raw, 3)
    assert is_deeper_than(b"[[[1]]]", 2)


def test_a_name_that_comes_twice_is_found_in_linear_time():
    names = ",".join(f'"{number}":0' for number in range(300_000))
    started = time.process_time()
    with pytest.raises(NotRepresentable, match="“299999” appears twice"):
        parse_strict(b'{%s,"299999":1}' % names.encode())
    assert time.process_time() - started < 20  # quadratic would be an hour


def test_depth_is_measured_in_linear_time():
    started = time.process_time()
    is_deeper_than(b'"\\"' * 1_000_000 + b"[" * 100, 64)
    is_deeper_than(b"[]" * 1_000_000, 64)
    assert time.process_time() - started < 20  # quadratic would be hours


@given(values)
def test_strict_parsing_agrees_with_json(value):
    assert parse_strict(json.dumps(value).encode()) == value


@given(values)
def test_canonical_bytes_are_a_fixed_point(value):
    raw = canonical_bytes(value)
    assert canonical_bytes(parse_strict(raw)) == raw


def test_digest_does_not_depend_on_order():
    assert digest({"b": 1, "a": [1.0, "é"]}) == digest({"a": [1, "é"], "b": 1})
    assert digest({"a": 1}) != digest({"a": 2})
