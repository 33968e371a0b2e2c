"""One definition for what a server offers in both protocol eras: the later era's, with what differs in the earlier one.

What is accepted and pinned is the whole, so a change in either era is a change. Pure: no database, no network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from connectors.access.pinned import MEMBER, without_eras
from harriet.lib.mcp.versions import LEGACY, MODERN


def merged(later: Iterable[Any], earlier: Iterable[Any]) -> list[Any]:
    """In the later era's order; what only the earlier one has comes after. What can't be told apart by its name stays
    as it is, for whoever reads the list to refuse."""
    later, earlier = [without_eras(one) for one in later], [without_eras(one) for one in earlier]
    twice = _twice(later) | _twice(earlier)
    old = {_name(one): one for one in earlier}
    found = [one if _name(one) in twice else _merged(one, old.get(_name(one))) for one in later]
    new = {_name(one) for one in later}
    rest = (one for one in earlier if _name(one) in twice or _name(one) not in new)
    return found + [one if _name(one) in twice or _name(one) is None else _only(one, LEGACY) for one in rest]


def _merged(later: Any, earlier: Any) -> Any:
    if _name(later) is None:
        return later
    if earlier is None:
        return _only(later, MODERN)
    changed = {key: value for key, value in earlier.items() if key not in later or not _same(later[key], value)}
    missing = sorted(later.keys() - earlier.keys())
    if not changed and not missing:
        return later
    differs = {key: value for key, value in (("with", changed), ("without", missing)) if value}
    return {**later, MEMBER: {LEGACY: differs}}


def _same(one: Any, other: Any) -> bool:
    """Python calls 1, 1.0 and true equal; JSON does not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(*pair) for pair in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)


def _only(definition: dict[str, Any], era: str) -> dict[str, Any]:
    return {**definition, MEMBER: {"only": era}}


def _name(definition: Any) -> str | None:
    name = definition.get("name") if isinstance(definition, dict) else None
    return name if isinstance(name, str) else None


def _twice(definitions: list[Any]) -> set[str | None]:
    return {name for name, number in Counter(map(_name, definitions)).items() if number > 1 and name is not None}
