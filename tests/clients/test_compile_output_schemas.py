"""Official clients compile a list's output schemas at once, and lose the list to one that they can't compile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harriet.lib.schemas import why_not_portable
from tests.clients.node import run
from tests.mutations.mutate import SCHEMAS, Mutator

COMPILE = Path(__file__).parents[1] / "mutations/compile.mjs"
WHOLE: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[\\w.-]+@[a-z]{2,63}$", "minLength": 3},
        "when": {"$ref": "#/definitions/day"},
        "tags": {"type": "array", "items": {"enum": ["a", "b", None]}, "uniqueItems": True},
        "more": {"anyOf": [{"type": "null"}, {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5}]},
    },
    "patternProperties": {"^x-\\p{L}+$": {"not": {"type": "null"}}},
    "additionalProperties": False,
    "required": ["id"],
    "definitions": {"day": {"type": "string", "format": "date", "nullable": True}},
}
BROKEN: list[Any] = [
    {"$ref": "#/$defs/none"},
    {"$ref": "https://example.invalid/schema.json"},
    {"type": "object", "properties": {"a": {"type": True}}},
    {"type": "object", "properties": {"a": {"minimum": 0, "exclusiveMinimum": True}}},
    {"type": "object", "required": "all"},
    {"type": "object", "properties": {"a": {"enum": []}}},
    {"type": "object", "properties": {"a": {"nullable": True, "anyOf": [{"type": "string"}]}}},
    {"type": "object", "properties": {"a": {"pattern": "("}}},
    {"type": "object", "properties": {"a": {"pattern": "^a\\-b$"}}},
    {"type": "object", "properties": {"a": {"pattern": "a{"}}},
    {"type": "object", "patternProperties": {"[": {}}},
    {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"},
    {"$schema": "https://example.invalid/my-own", "type": "object"},
    {"type": "object", "properties": {"a": {"id": "#a", "type": "string"}}},
]


def compiled(schemas: list[Any], folder: Path) -> list[bool]:
    (folder / "schemas.json").write_text(json.dumps(schemas))
    return list(json.loads(run(COMPILE, str(folder / "schemas.json"), home=folder)))


def test_what_the_clients_refuse_is_known(tmp_path: Path) -> None:
    assert compiled(BROKEN, tmp_path) == [False] * len(BROKEN), "the samples are what they are meant to be"
    assert all(why_not_portable(schema) for schema in BROKEN)


def test_what_would_keep_a_client_busy_for_ever_is_known() -> None:
    deep: Any = []
    for _ in range(40):
        deep = [deep]
    part = {"type": "array", "default": deep}
    assert "nested" in why_not_portable({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": part}})


def test_what_is_whole_stays(tmp_path: Path) -> None:
    plain = [WHOLE, {"type": "object"}, {}, {"type": "string", "pattern": "^[\\s\\S]{1,65536}$"}, {"$ref": "#"}]
    plain += [{"type": "object", "properties": {"id": {"type": "integer"}, "pattern": {"type": "string"}}}]
    assert [why_not_portable(schema) for schema in plain] == [""] * len(plain)
    assert compiled(plain, tmp_path) == [True] * len(plain)


@pytest.mark.parametrize("seed", [7, 2026])
def test_whatever_is_called_portable_compiles(seed: int, tmp_path: Path) -> None:
    mutator = Mutator(seed)
    changed = [json.loads(text) for text in (mutator.mutated(WHOLE) for _ in range(1500)) if is_plain(text)]
    portable = [schema for schema in changed if isinstance(schema, dict) and not why_not_portable(schema)]
    assert len(portable) > 300, "most changes leave a schema whole"
    taken = compiled(portable, tmp_path)
    assert [schema for schema, is_taken in zip(portable, taken, strict=True) if not is_taken] == []


def is_plain(text: str) -> bool:
    """Of what a sync has cleaned before: no half characters, no numbers beyond a double."""
    return not any(odd in text for odd in ("\\ud", "\\u0000", "1e400", "9" * 300, '"a":1,"a"'))


def test_the_samples_of_schemas_are_judged_as_the_clients_do(tmp_path: Path) -> None:
    samples = [schema for schema in SCHEMAS if "maximum" not in schema]
    for schema, is_taken in zip(samples, compiled(samples, tmp_path), strict=True):
        assert is_taken or why_not_portable(schema), schema
