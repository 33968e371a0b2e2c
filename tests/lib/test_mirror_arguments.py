"""Arguments that headers repeat (SEP-2243): which, how they are written, and whether a header says the same."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harriet.lib.mcp.param_headers import (
    InvalidAnnotation,
    annotated_parameters,
    decode_value,
    encode_value,
    mirrored_parameters,
    parameter_headers,
    repeats,
)


@given(st.text())
def test_header_values_are_plain_or_base64(text: str) -> None:
    value = encode_value(text)
    assert value.isascii()
    assert value.isprintable()
    assert value == value.strip()
    if value != text:
        inner = value.removeprefix("=?base64?").removesuffix("?=")
        assert base64.b64decode(inner, validate=True).decode("utf-8", "surrogatepass") == text
    assert decode_value(value) == text


@pytest.mark.parametrize("text", ["echo", "a b", "x.y-z_1", "~!@#$%"])
def test_plain_names_are_left_alone(text: str) -> None:
    assert encode_value(text) == text


@pytest.mark.parametrize("text", ["grüße", " edge", "edge ", "tab\there", "=?base64?YQ==?=", "line\n", "\x7f"])
def test_other_names_are_encoded(text: str) -> None:
    assert encode_value(text) == f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def test_annotated_parameters_become_headers() -> None:
    schema = {
        "type": "object",
        "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "inner": {"type": "object", "properties": {"dry": {"type": "boolean", "x-mcp-header": "Dry-Run"}}},
            "n": {"type": "integer", "x-mcp-header": "N"},
            "gone": {"type": "string", "x-mcp-header": "Gone"},
            "example": {"enum": [{"x-mcp-header": "data, not a schema"}]},
        },
    }
    arguments = b'{"region":"M\xc3\xbcnchen","inner":{"dry":true},"n":12345678901234567890,"gone":null}'
    assert parameter_headers(mirrored_parameters(schema), arguments) == {
        "Mcp-Param-Region": "=?base64?TcO8bmNoZW4=?=",
        "Mcp-Param-Dry-Run": "true",
        "Mcp-Param-N": "12345678901234567890",
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"x-mcp-header": "Root"},
        {"properties": {"a": {"type": "object", "x-mcp-header": "A"}}},
        {"properties": {"a": {"type": "number", "x-mcp-header": "A"}}},
        {"properties": {"a": {"type": ["string"], "x-mcp-header": "A"}}},
        {"properties": {"a": {"type": "string", "x-mcp-header": "with space"}}},
        {"properties": {"a": {"type": "string", "x-mcp-header": "line\r\nbreak"}}},
        {"properties": {"a": {"type": "string", "x-mcp-header": ""}}},
        {"properties": {"a": {"type": "string", "x-mcp-header": 5}}},
        {"properties": {"a": {"type": "string", "x-mcp-header": "X"}, "b": {"type": "string", "x-mcp-header": "x"}}},
        {"properties": {"a": {"items": {"type": "string", "x-mcp-header": "A"}}}},
        {"allOf": [{"properties": {"a": {"type": "string", "x-mcp-header": "A"}}}]},
        {"$defs": {"a": {"type": "string", "x-mcp-header": "A"}}},
    ],
)
def test_annotations_that_the_specification_forbids_are_refused(schema: Any) -> None:
    with pytest.raises(InvalidAnnotation):
        mirrored_parameters(schema)


@pytest.mark.parametrize("schema", [None, {}, [], True, {"properties": {"a": True}}])
def test_schemas_without_annotations_mirror_nothing(schema: Any) -> None:
    assert mirrored_parameters(schema) == annotated_parameters(schema) == ()


def test_a_tool_that_was_taken_long_ago_is_read_as_it_is() -> None:
    """In the order of its schema, whatever else is wrong with it."""
    inner = {"properties": {"b": {"x-mcp-header": "B"}, "a": {"x-mcp-header": "A"}}}
    elsewhere = {"items": {"properties": {"c": {"x-mcp-header": "C"}}}}
    schema = {"properties": {"z": inner, "list": elsewhere, "n": {"x-mcp-header": 5}, "y": {"x-mcp-header": "B"}}}
    found = annotated_parameters({**schema, "x-mcp-header": "Root"})
    assert found == (("Mcp-Param-B", ("z", "b")), ("Mcp-Param-A", ("z", "a")), ("Mcp-Param-B", ("y",)))


@pytest.mark.parametrize("value", ["=?base64?YQ=?=", "=?base64?YR==?=", "=?base64?/w==?=", "=?base64?é?="])
def test_a_broken_encoding_says_nothing(value: str) -> None:
    assert decode_value(value) is None
    assert not repeats(value, value) and not repeats(value, None)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        *(("eu", "eu"), ("=?base64?ZXU=?=", "eu"), ("", "")),
        *(("true", True), ("false", False), ("7", 7), ("007", 7), ("1e3", 1000.0)),
        *((None, None), (None, {}), (None, [1])),
    ],
)
def test_a_header_repeats_its_argument(header: str | None, value: Any) -> None:
    assert repeats(header, value)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("us", "eu"),
        (None, "eu"),
        ("", "eu"),
        ("1", True),
        ("True", True),
        ("7.0", 7),
        ("x", 7),
        ("eu", None),
        ("{}", {}),
    ],
)
def test_a_header_that_says_something_else_is_found(header: str | None, value: Any) -> None:
    assert not repeats(header, value)
