"""Schemas as servers send them: checked where they can be, left out where not, and never more work than was weighed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harriet.lib.schemas import Checker, Fit, checker_of
from harriet.lib.schemas.checker import MOST_WORK


def compiled(schema: Any) -> Checker:
    return checker_of(schema, len(json.dumps(schema)))


def verdict(schema: Any, value: Any) -> Fit:
    return compiled(schema).check(value, len(json.dumps(value)))


TEXT = {"type": "string"}


def doubling(levels: int, word: str) -> dict[str, Any]:
    """Each definition asks for the next one twice."""
    definitions: dict[str, Any] = {
        f"d{level}": {word: [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(levels)
    }
    return {"$defs": {**definitions, f"d{levels}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


UNDERSTOOD = {
    "a bound of draft 4": ({"maximum": 5, "exclusiveMaximum": True}, [4], [5]),
    "the same, switched off": ({"minimum": 5, "exclusiveMinimum": False}, [5], [4]),
    "draft 4 by name": (
        {"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 5, "exclusiveMaximum": True},
        [4],
        [5],
    ),
    "a tuple of draft 7": ({"items": [TEXT, {"type": "integer"}], "additionalItems": False}, [["a", 1]], [["a", 1, 2]]),
    "a pattern as long as a page": ({"pattern": r"^[\s\S]{1,65536}$"}, ["a\nb", "x" * 65536], ["", "x" * 65537]),
    "its own address": (
        {"$id": "https://x.test/s", "$ref": "https://x.test/s#/$defs/n", "$defs": {"n": {"type": "integer"}}},
        [1],
        ["1"],
    ),
    "64 bits": ({"maximum": 18446744073709551615}, [18446744073709551615], [18446744073709551616]),
    "a recursive list": ({"type": "array", "items": {"$ref": "#"}}, [[[], [[]]]], [[[], [1]]]),
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_has_a_meaning_is_checked_by_it(name: str) -> None:
    schema, good, bad = UNDERSTOOD[name]
    assert compiled(schema).notes == ()
    assert [verdict(schema, value).fits for value in good] == [True] * len(good)
    assert [verdict(schema, value).fits for value in bad] == [False] * len(bad)


LEFT_OUT: dict[str, tuple[Any, str]] = {
    "a definition that is not there": ({"properties": {"a": {"$ref": "#/$defs/none"}}}, "isn't there"),
    "an anchor that is not there": ({"$ref": "#none"}, "isn't there"),
    "a dynamic anchor that is not there": ({"$dynamicRef": "#none"}, "isn't there"),
    "OpenAPI's components": ({"$ref": "#/components/schemas/X"}, "isn't there"),
    "a reference to a number": ({"$ref": "#/maxLength", "maxLength": 5}, "is no schema"),
    "another host": ({"$ref": "https://example.com/s.json"}, "nothing is fetched"),
    "a file": ({"$ref": "file:///etc/passwd"}, "nothing is fetched"),
    "a draft that nobody knows": ({"$schema": "https://example.com/my-draft"}, "not known here"),
    "a type that is none": ({"type": "objekt"}, "not valid JSON Schema"),
    "properties null": ({"properties": None}, "not valid JSON Schema"),
    "required as in draft 3": ({"properties": {"a": {"required": True}}}, "not valid JSON Schema"),
    "a step of nothing": ({"multipleOf": 0}, "not valid JSON Schema"),
    "alternatives without one": ({"oneOf": []}, "not valid JSON Schema"),
    "a pattern that is none": ({"pattern": "(unclosed"}, "brackets don't match"),
    "a pattern with an anchor of Python's": ({"pattern": r"\Aabc\Z"}, "no meaning in ECMA-262"),
    "a pattern that explodes": ({"pattern": "((a{1,100}){1,100}){1,100}"}, "repeats too much"),
    "fifty wrong types": ({"properties": {f"p{n}": {"type": "objekt"} for n in range(49)}}, "not valid JSON Schema"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_cannot_be_checked_is_left_out_and_said(name: str) -> None:
    schema, said = LEFT_OUT[name]
    with_more = {**schema, "allOf": [{"not": {"const": "never"}}]} if isinstance(schema, dict) else schema
    checker = compiled(with_more)
    assert said in " ".join(checker.notes)
    assert checker.check("never", 7).fits is False, "the rest is checked all the same"
    assert checker.check({"a": 1}, 7).fits is True


@pytest.mark.parametrize("schema", [None, "text", 5, [1], {"properties": {"\ud83d": {}}}])
def test_what_is_no_schema_at_all_checks_nothing(schema: Any) -> None:
    checker = checker_of(schema, 10)
    assert not checker.can_check
    assert checker.notes[-1].startswith("Nothing of it is checked")
    assert checker.check({}, 2).fits is None


BAD = r"\h"
LOOSER: list[tuple[Any, Any]] = [
    ({"not": {"pattern": BAD}}, "x"),
    ({"not": {"$ref": "#/$defs/x"}, "$defs": {"x": {"pattern": BAD}}}, "x"),
    ({"if": {"pattern": BAD}, "then": False}, "x"),
    ({"if": {"$ref": "#/$defs/x"}, "then": False, "$defs": {"x": {"pattern": BAD}}}, "x"),
    ({"oneOf": [{"pattern": BAD}, {"minLength": 1}]}, "x"),
    ({"oneOf": [{"$ref": "#/$defs/x"}, {"minLength": 1}], "$defs": {"x": {"pattern": BAD}}}, "x"),
    ({"patternProperties": {BAD: {}}, "additionalProperties": False}, {"x": 1}),
    ({"patternProperties": {BAD: {}}, "unevaluatedProperties": False}, {"x": 1}),
    ({"allOf": [{"$ref": "#/$defs/none"}], "unevaluatedProperties": False}, {"x": 1}),
    ({"contains": {"pattern": BAD}, "maxContains": 1}, ["x", "y"]),
    ({"properties": {"a": "text"}, "additionalProperties": False}, {"a": 1}),
    ({"prefixItems": [{"type": "objekt"}], "items": False}, [1]),
]


@pytest.mark.parametrize(("schema", "value"), LOOSER, ids=[json.dumps(schema) for schema, _ in LOOSER])
def test_leaving_something_out_never_refuses_more(schema: Any, value: Any) -> None:
    checker = compiled(schema)
    assert checker.can_check and checker.notes
    assert checker.check(value, 10).fits is True


@pytest.mark.parametrize("word", ["allOf", "anyOf", "oneOf"])
def test_a_schema_that_doubles_is_weighed_before_it_is_asked(word: str) -> None:
    assert verdict(doubling(6, word), "x").fits is False
    for levels in (25, 60):
        found = verdict(doubling(levels, word), 1)
        assert found.fits is None
        assert found.words


def test_work_is_the_values_size_times_the_schemas_weight() -> None:
    checker = compiled({"items": {"enum": [{"number": number} for number in range(5_000)]}})
    assert checker.check([{"number": 1}], 12).fits is True
    assert checker.check([{"number": 1}] * 20_000, 240_000).fits is None
    assert compiled({"type": "object"}).check({"text": "x" * 100_000}, 100_000).fits is True
    assert not compiled({"type": "object"}).takes(MOST_WORK + 1)


def test_patterns_with_look_around_are_bounded_too() -> None:
    checker = compiled({"pattern": "^(?=a)(a|aa)+$"})
    assert checker.check("aaa", 5).fits is True
    assert checker.check("a" * 30 + "b", 33).fits is False
    assert checker.check("a" * 100_000 + "b", 100_003).fits is None


def test_a_recursive_schema_says_no_without_going_through_all_combinations() -> None:
    branch = {"type": "object", "properties": {"a": {"$ref": "#"}}}
    schema = {"anyOf": [{**branch, "required": ["b"]}, {**branch, "required": ["c"]}, {"type": "integer"}]}
    value: Any = "x"
    for _ in range(60):
        value = {"a": value, "b": 1, "c": 1}
    assert verdict(schema, value) == Fit(False)


def test_numbers_and_texts_beyond_the_usual_are_judged_or_not_but_never_raise() -> None:
    for value in (float("inf"), 10**400, -0.0, "\ud83d", {"\ud83d": 1}, float("nan")):
        assert verdict({"type": ["number", "object", "string"], "multipleOf": 3}, value).fits in (True, False, None)


def test_a_misfit_is_explained_without_the_value() -> None:
    found = verdict({"properties": {"pin": {"type": "integer"}}}, {"pin": "secret-7f1c"})
    assert found.words == 'pin: the value is not of type "integer"'
    assert "secret" not in found.words


def test_notes_are_few_and_show_what_is_hidden() -> None:
    checker = compiled({"properties": {f"p\u202e{n}": {"$ref": "#/$defs/none"} for n in range(40)}})
    assert len(checker.notes) == 11
    assert "And 30 more" in checker.notes[-1]
    assert "⟨U+202E⟩" in checker.notes[0]
