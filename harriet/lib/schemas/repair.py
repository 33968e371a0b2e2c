"""A copy of a schema that can be compiled: written anew where that means the same, without the part where nothing does.

Leaving a part out never makes a schema stricter: where less would mean more (below `not`, `if`, `oneOf`), more is left
out, until the copy accepts at least what the original does.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from harriet.lib.schemas.pattern_pieces import Uncheckable
from harriet.lib.schemas.patterns import translated
from harriet.lib.schemas.walk import MANY, NAMED, ONE, REFERENCES, Node, Path, every_node, pointed_at
from harriet.lib.text import excerpt

LOOK_AROUND = 1_500
"""What a pattern weighs more that only the engine with look-around can match: its steps are counted, and slow."""
_ALL_PATTERNS = 60_000
"""The most that all patterns of a schema may weigh together."""
_MOST_NOTES = 10
_DRAFTS = ("draft-04", "draft-06", "draft-07")
_KNOWN_DRAFTS = frozenset(
    {f"http://json-schema.org/{draft}/schema" for draft in _DRAFTS}
    | {f"https://json-schema.org/draft/{draft}/schema" for draft in ("2019-09", "2020-12")}
)
_ANNOTATIONS = ("contentEncoding", "contentMediaType", "contentSchema")
_NEGATING = ("not", "if")


class Repair:
    """The copy while it is made. `notes` says what is left out, in sentences for an admin."""

    def __init__(self, schema: Any) -> None:
        self.schema: Any = copy.deepcopy(schema)
        self.pattern_weights: dict[str, int] = {}
        self.needs_look_around = False
        self._notes: dict[str, None] = {}
        self._loosened: list[Node] = []
        self._patterns_left = _ALL_PATTERNS
        self._ids: set[str] = set()
        self._anchors: set[str] = set()

    @property
    def notes(self) -> tuple[str, ...]:
        """Ten at most, then how many more there are."""
        notes = list(self._notes)
        more = len(notes) - _MOST_NOTES
        return (*notes[:_MOST_NOTES], f"And {more} more of the kind.") if more > 0 else tuple(notes)

    def rewrite(self) -> None:
        """Everything that can be seen without compiling."""
        if not isinstance(self.schema, dict):
            return
        self._read_dialect()
        dialect = str(self.schema.get("$schema", "2020-12"))
        for _, node in every_node(self.schema):
            _read_old_words(node, dialect)
        nodes = list(every_node(self.schema))
        self._ids = {name for _, node in nodes if isinstance(name := node.get("$id"), str)}
        self._anchors = {name for _, node in nodes for key in _ANCHORS if isinstance(name := node.get(key), str)}
        drops = [drop for path, node in nodes for drop in self._problems(path, node)]
        for path, why in drops:
            self.drop(path, why)

    def drop(self, path: Path, why: str) -> None:
        """Leaves out the keyword, or the schema, at the path. Paths that lead nowhere any more were dropped before."""
        self._notes[f"{_shown(path)} is not checked: {why}."] = None
        node: Any = self.schema
        step = 0
        while step < len(path) and isinstance(node, dict):
            keyword = path[step]
            if keyword in _NEGATING:
                node.pop(keyword, None)
                return
            if keyword == "oneOf":
                self._loosened.append(node)
            holder, length = _below(node, path[step:])
            if holder is None or step + length > len(path):
                _leave_out(node, str(keyword))
                return
            if step + length == len(path):
                _accept_anything(node, holder, path[-1])
                return
            node, step = holder[path[step + length - 1]], step + length
        # Beyond a keyword that holds no schemas: the keyword is what goes.

    def finish(self) -> None:
        """After the last part was left out: what would be stricter for it is loosened."""
        if not self._notes or not isinstance(self.schema, dict):
            return
        for _, node in list(every_node(self.schema)):
            node.pop("unevaluatedProperties", None)
            node.pop("unevaluatedItems", None)
            for keyword in _NEGATING:
                if keyword in node and _refers(node[keyword]):
                    del node[keyword]
            if "oneOf" in node and (_refers(node["oneOf"]) or any(node is one for one in self._loosened)):
                node["allOf"] = [*node.get("allOf", []), {"anyOf": node.pop("oneOf")}]
            if "contains" in node:
                node.pop("maxContains", None)

    def forget_ids(self) -> None:
        """Takes every `$id` out: what refers to one of them leads nowhere from now on."""
        for _, node in every_node(self.schema):
            node.pop("$id", None)

    def _read_dialect(self) -> None:
        said = self.schema.get("$schema")
        if said is not None and (not isinstance(said, str) or said.rstrip("#") not in _KNOWN_DRAFTS):
            del self.schema["$schema"]
            name = excerpt(str(said), 80)
            self._notes[f"It says that it is written in “{name}”, which is not known here; read as 2020-12."] = None
        root = self.schema.pop("$id", None)
        if isinstance(root, str) and root.rstrip("#"):
            for _, node in every_node(self.schema):
                reference = node.get("$ref")
                if isinstance(reference, str) and reference.partition("#")[0] == root.rstrip("#"):
                    node["$ref"] = f"#{reference.partition('#')[2]}"

    def _problems(self, path: Path, node: Node) -> list[tuple[Path, str]]:
        """What has to go of a node itself, and why. What can be written anew, is."""
        drops: list[tuple[Path, str]] = []
        if isinstance(node.get("pattern"), str):
            try:
                self._read_pattern(node)
            except Uncheckable as why:
                drops.append(((*path, "pattern"), str(why)))
        if isinstance(node.get("patternProperties"), dict):
            drops += [((*path, "patternProperties", name), why) for name, why in self._read_names(node)]
        drops += [((*path, keyword), reason) for keyword, reason in self._dangling(node)]
        return drops

    def why_dangling(self, node: Node) -> str:
        """Why a reference of the node leads nowhere; empty when all lead somewhere."""
        return next((reason for _, reason in self._dangling(node)), "")

    def _dangling(self, node: Node) -> Iterator[tuple[str, str]]:
        for keyword in REFERENCES:
            reference = node.get(keyword)
            if isinstance(reference, str) and (reason := self._why_dangling(reference)):
                yield keyword, reason

    def _read_names(self, node: Node) -> list[tuple[str, str]]:
        """The patterns of patternProperties; gives those that stay as they are, because they can't be checked."""
        anew: dict[str, Any] = {}
        bad: list[tuple[str, str]] = []
        for name, value in node["patternProperties"].items():
            text = name
            try:
                text = self._engines(name, counts=False)[0]
            except Uncheckable as why:
                bad.append((name, str(why)))
            anew[text] = {"allOf": [anew[text], value]} if text in anew else value
        node["patternProperties"] = anew
        return bad

    def _read_pattern(self, node: Node) -> None:
        text, shortest, longest = self._engines(node["pattern"], counts=True)
        node["pattern"] = text
        if not text:
            del node["pattern"]
        if shortest > _number(node.get("minLength"), 0):
            node["minLength"] = shortest
        if longest is not None and longest < _number(node.get("maxLength"), longest + 1):
            node["maxLength"] = longest

    def _engines(self, pattern: str, *, counts: bool) -> tuple[str, int, int | None]:
        """The pattern as the engines read it. Raises Uncheckable."""
        found = translated(pattern, counts=counts)
        if found.weight > self._patterns_left:
            raise Uncheckable("the schema's patterns are together too much for a check whose cost is bounded")
        self._patterns_left -= found.weight
        self.needs_look_around |= found.needs_look_around
        self.pattern_weights[found.text] = 1 + found.weight // 2 + LOOK_AROUND * found.needs_look_around
        return found.text, found.shortest, found.longest

    def _why_dangling(self, reference: str) -> str:
        address, _, fragment = unquote(reference).partition("#")
        shown = f"“{excerpt(reference, 80)}”"
        if address:
            return "" if address in self._ids else f"{shown} is outside of the schema, and nothing is fetched"
        if not fragment:
            return ""
        if not fragment.startswith("/"):
            return "" if fragment in self._anchors else f"it refers to {shown}, which isn't there"
        try:
            target = pointed_at(self.schema, fragment)
        except LookupError:
            return f"it refers to {shown}, which isn't there"
        return "" if isinstance(target, dict | bool) else f"{shown} is no schema"


_ANCHORS = ("$anchor", "$dynamicAnchor")


def _read_old_words(node: Node, dialect: str) -> None:
    """Words of older drafts in a schema that doesn't say it is of one."""
    for annotation in _ANNOTATIONS:
        node.pop(annotation, None)
    if "draft-04" not in dialect:
        _read_old_bounds(node)
    if "2020-12" in dialect:
        _read_old_items(node)


def _read_old_bounds(node: Node) -> None:
    """Draft 4 said exclusiveMaximum: true beside the maximum."""
    for bound in ("maximum", "minimum"):
        keyword = f"exclusive{bound.title()}"
        if isinstance(node.get(keyword), bool):
            is_exclusive = node.pop(keyword)
            if is_exclusive and bound in node:
                node[keyword] = node.pop(bound)


def _read_old_items(node: Node) -> None:
    """Up to 2019-09 a list of schemas stood in items; most who write one mean that."""
    if isinstance(node.get("items"), list):
        node.setdefault("prefixItems", node.pop("items"))
        if "additionalItems" in node:
            node["items"] = node.pop("additionalItems")


def _below(node: Node, path: Path) -> tuple[Any, int]:
    """What holds the next schema on the path, and how many steps away that is; None when there is none."""
    keyword = path[0]
    value = node.get(str(keyword))
    if (keyword in NAMED and isinstance(value, dict)) or (keyword in MANY and isinstance(value, list)):
        is_there = len(path) > 1 and (path[1] in value if isinstance(value, dict) else _is_index(path[1], value))
        return (value, 2) if is_there else (None, 1)
    if len(path) > 1 and isinstance(value, dict) and keyword in ONE:
        return node, 1
    return None, 1


def _is_index(step: str | int, values: list[Any]) -> bool:
    return isinstance(step, int) and step < len(values)


def _leave_out(node: Node, keyword: str) -> None:
    node.pop(keyword, None)
    if keyword in ("properties", "patternProperties"):
        node.pop("additionalProperties", None)
    elif keyword in ("prefixItems", "items"):
        node.pop("items", None)
        node.pop("additionalItems", None)


def _accept_anything(node: Node, holder: Any, name: str | int) -> None:
    """In the place of a schema that can't be checked."""
    if holder is node.get("patternProperties", ()):
        holder.pop(name, None)
        node.pop("additionalProperties", None)
    else:
        holder[name] = True


def _refers(part: Any) -> bool:
    """Whether anything in it refers elsewhere, where something may have been left out."""
    nodes = part if isinstance(part, list) else [part]
    return any(
        keyword in node
        for one in nodes
        if isinstance(one, dict)
        for _, node in every_node(one)
        for keyword in REFERENCES
    )


def _number(value: Any, otherwise: int) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def _shown(path: Path) -> str:
    return f"“{excerpt('/'.join(str(step) for step in path), 160)}”" if path else "The whole"
