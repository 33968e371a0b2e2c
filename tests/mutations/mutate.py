"""Takes a JSON value and makes of it what a broken, odd or hostile server might send; the same again for each seed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any


@dataclass(frozen=True)
class Raw:
    """JSON that no value of Python stands for: written as it is."""

    text: str


DEEP = "[" * 70 + "]" * 70
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    " ",
    [],
    {},
    [[]],
    [None],
    {"": None},
    "x" * 5000,
    "a\u0000b",
    "a\u202eb\u200b",
    Raw(r'"\ud83d"'),
    Raw(r'"a\udc00b"'),
    Raw(r'{"\ud83d":1}'),
    Raw("1e400"),
    Raw("-1e400"),
    Raw("-0.0"),
    Raw("1E5"),
    Raw("9007199254740993"),
    Raw("18446744073709551615"),
    Raw("7960607143101464576"),
    Raw("9" * 400),
    Raw('{"a":1,"a":2}'),
    Raw(DEEP),
)
SCHEMAS: tuple[Any, ...] = (
    {"$ref": "#/$defs/none"},
    {"$ref": "#"},
    {"$ref": "https://example.invalid/schema.json"},
    {"type": "array"},
    {"type": "strung"},
    {"type": ["string", "null"]},
    {"type": "number", "minimum": 0, "exclusiveMinimum": True},
    {"type": "string", "pattern": "^[\\s\\S]{1,65536}$"},
    {"type": "string", "pattern": "^[^]+$"},
    {"type": "string", "pattern": "("},
    {"type": "string", "pattern": "^(a+)+$"},
    {"type": "string", "pattern": "(?<year>\\d{4})\\k<year>"},
    {"type": "integer", "maximum": Raw("9223372036854775807"), "default": Raw("7960607143101464576")},
    {"$schema": "http://json-schema.org/draft-04/schema#", "id": "x"},
    {"required": "all"},
    {"properties": None},
    {"enum": []},
    {"allOf": [{"$ref": "#/allOf/0"}]},
)

MEMBERS = (
    *("type", "title", "description", "annotations", "outputSchema", "icons", "_meta", "$ref", "required"),
    *("properties", "additionalProperties", "isError", "future", ""),
)


class Mutator:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def mutated(self, value: Any) -> str:
        """The JSON of the value with one to three places changed."""
        changed = json.loads(json.dumps(value))
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            changed = self._once(changed)
        return written(changed)

    def _once(self, value: Any) -> Any:
        places = list(_places(value))
        if not places:
            return self._odd()
        parent, key = self.random.choice(places)
        kind = self.random.choice(("replace", "replace", "replace", "remove", "add", "rename", "swap", "wrap"))
        getattr(self, f"_{kind}")(parent, key, places)
        return value

    def _odd(self) -> Any:
        return deepcopy(self.random.choice(SCHEMAS if self.random.random() < 0.3 else ODD))

    def _replace(self, parent: Any, key: Any, _places: Any) -> None:
        parent[key] = self._odd()

    def _remove(self, parent: Any, key: Any, _places: Any) -> None:
        del parent[key]

    def _add(self, parent: Any, key: Any, _places: Any) -> None:
        if isinstance(parent, dict):
            parent[self.random.choice(MEMBERS)] = self._odd()
        else:
            parent.insert(key, self._odd())

    def _rename(self, parent: Any, key: Any, _places: Any) -> None:
        if isinstance(parent, dict):
            parent[self.random.choice((f"{key}x", key.upper(), "", "__proto__", "a\u0000"))] = parent.pop(key)

    def _swap(self, parent: Any, key: Any, places: Any) -> None:
        other, at = self.random.choice(places)
        if not _is_within(parent[key], other) and not _is_within(other[at], parent):
            parent[key], other[at] = other[at], parent[key]

    def _wrap(self, parent: Any, key: Any, _places: Any) -> None:
        parent[key] = self.random.choice(([parent[key]], {"value": parent[key]}, json.dumps(parent[key], default=str)))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every spot in it that can be assigned to."""
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from _places(value[key])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from _places(item)


def _is_within(value: Any, container: Any) -> bool:
    return value is container or any(_is_within(parent[key], container) for parent, key in _places(value))


def written(value: Any) -> str:
    """JSON text; what is Raw goes in as it stands."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(item) for item in value) + "]"
    return json.dumps(value)
