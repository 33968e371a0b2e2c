"""Whether every client can compile a schema. Official clients compile the output schemas of a whole list at once, and
one that they can't compile costs them the list; so they are held to what all of them take (JSON Schema's own rules, and
what ajv refuses beyond these).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from harriet.lib.schemas.pattern_pieces import Uncheckable
from harriet.lib.schemas.patterns import translated
from harriet.lib.schemas.repair import Repair
from harriet.lib.schemas.walk import Node, every_node, pointed_at
from harriet.lib.text import excerpt

_PLAIN_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_DIALECTS = frozenset(
    f"{scheme}://json-schema.org/{draft}/schema"
    for draft in ("draft/2020-12", "draft/2019-09", "draft-07", "draft-06")
    for scheme in ("http", "https")
)
_MOST_LISTS = 12
"""The time in which a client compiles a schema doubles with each."""
_ESCAPE = re.compile(r"\\(?:[dDwWsSbBnrtfv0^$\\.*+?()\[\]{}|/]|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[pP]\{[\w=]{1,60}\})")
"""With the flag that Unicode needs, ECMA-262 takes these after a backslash, and no others that matter."""
_CLASS = re.compile(r"\[[^\]\\]*\]")
_COUNT = re.compile(r"\{\d{1,9}(?:,\d{0,9})?\}")


def why_not_portable(schema: Node) -> str:
    """For the end of a sentence; empty for what every client takes."""
    dialect = schema.get("$schema", _PLAIN_DRAFT)
    if not isinstance(dialect, str) or dialect.removesuffix("#") not in _DIALECTS:
        return f"it says that it is written in “{excerpt(str(dialect), 80)}”, which not every client reads"
    if _lists_within(schema) > _MOST_LISTS:
        return f"lists are nested in it more than {_MOST_LISTS} deep"
    if reason := _why_no_schema(schema):
        return reason
    seen = Repair(schema)
    seen.rewrite()  # notes its names
    for path, node in every_node(schema):
        if reason := seen.why_dangling(node) or _why_circular(schema, node):
            return f"of “{excerpt('/'.join(map(str, path)), 80)}”: {reason}" if path else reason
    reasons = (_why_not(node, is_root=not path) for path, node in every_node(schema))
    return next((reason for reason in reasons if reason), "")


def _why_circular(schema: Node, node: Any) -> str:
    """A reference to a reference, and so on, that comes back to where it was."""
    met: list[Any] = []
    while isinstance(node, dict) and isinstance(reference := node.get("$ref"), str) and reference.startswith("#/"):
        if any(node is one for one in met):
            return f"“{excerpt(reference, 80)}” leads back to itself"
        met.append(node)
        try:
            node = pointed_at(schema, unquote(reference[1:]))
        except LookupError:
            return ""
    return ""


def _lists_within(value: Any) -> int:
    """How many lists stand one in the other, whatever stands between them."""
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, list) + max(map(_lists_within, within), default=0)


def _why_no_schema(schema: Node) -> str:
    """By JSON Schema's own schema, of the newest draft: all drafts that are in use share what clients trip over."""
    try:
        jsonschema_rs.meta.validate({**schema, "$schema": _PLAIN_DRAFT})
    except jsonschema_rs.ValidationError as wrong:
        where = "/".join(str(part) for part in wrong.instance_path)
        return f"“{excerpt(where, 80)}” in it is not valid JSON Schema" if where else "it is not valid JSON Schema"
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError):
        return "it is not valid JSON Schema"
    return ""


def _why_not(node: Node, *, is_root: bool) -> str:
    """What is valid and still more than some clients take."""
    if "id" in node:
        return "it has the word “id” of draft 4"
    if node.get("enum") == []:
        return "it has an empty list of values (enum)"
    if "nullable" in node and ("type" not in node or not isinstance(node["nullable"], bool)):
        return "it has “nullable” without a type"
    if not is_root and {"$id", "$anchor", "$dynamicAnchor"} & node.keys():
        return "it gives names to schemas within it"
    patterns: list[Any] = [node["pattern"]] if isinstance(node.get("pattern"), str) else []
    patterns += node.get("patternProperties") or ()
    wrong = next((pattern for pattern in patterns if not _is_unicode_pattern(pattern)), None)
    return f"the pattern “{excerpt(wrong, 80)}” is none that every client reads" if wrong is not None else ""


def _is_unicode_pattern(pattern: str) -> bool:
    """Of ECMA-262 with the flag `u`, as far as can be told; no pattern of a doubtful kind is."""
    try:
        translated(pattern)
    except Uncheckable:
        return False
    rest = _CLASS.sub("", _ESCAPE.sub("", _escaped_hyphens(pattern)))
    return not set("\\[]{}").intersection(_COUNT.sub("", rest))


def _escaped_hyphens(pattern: str) -> str:
    """A hyphen may be escaped within a class alone; there it says nothing about the class's being one."""
    return re.sub(r"(\[(?:[^\]\\]|\\[^-])*)\\-", r"\1", pattern)
