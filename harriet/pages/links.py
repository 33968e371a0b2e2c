"""Links that keep what is in the address: filters, the chips above a table, tabs."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    label: str
    is_current: bool = False


def query_without(query: QueryDict, name: str) -> str:
    """The address's query without one of its names; no question mark before it."""
    kept = query.copy()
    kept.pop(name, None)
    return kept.urlencode()


def link_with(query: QueryDict, name: str, value: object) -> str:
    """The same page with another value of one name, from its first page on."""
    changed = query.copy()
    for place in [one for one in changed if one == "page" or one.endswith("cursor")]:
        changed.pop(place)
    changed[name] = str(value)
    return f"?{changed.urlencode()}"
