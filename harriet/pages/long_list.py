"""A list of any length, such as a group's people: by name, a page at a time, or what is searched for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from harriet.pages.by_name import PAGE, page_by_name
from harriet.pages.picking import MOST_FOUND, Choice, Source


@dataclass(frozen=True, slots=True)
class LongList:
    source: Source[Any]
    rows: list[Choice]
    text: str
    """What is searched for; empty for the whole list."""
    words: str
    """Of a search: "20 of 307"."""
    next: str
    """The query of the next page; empty on the last."""
    is_first: bool


def long_list(source: Source[Any], asked: QueryDict, name: str = "q") -> LongList:
    """`name` and `<name>-after` are in the address, for the search and the place."""
    text, place = asked.get(name, "").strip()[:100], asked.get(f"{name}-after", "")
    if text:
        seen = min(int(place), MOST_FOUND) if place.isascii() and place.isdigit() and len(place) < 7 else 0
        found = source.find(text, seen, PAGE)
        following = "" if found.is_all else _query(name, text, str(found.seen))
        return LongList(source, found.choices, text, found.words, following, seen == 0)
    page = page_by_name(source.offered(), source.text, place)
    following = _query(name, "", page.after) if page.after else ""
    return LongList(source, [source.choice(row) for row in page.rows], "", "", following, not place)


def _query(name: str, text: str, place: str) -> str:
    query = QueryDict(mutable=True)
    query.update({name: text, f"{name}-after": place} if text else {f"{name}-after": place})
    return f"?{query.urlencode()}"
