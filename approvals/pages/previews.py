"""What a held call would send, in a line of the list: its first arguments, bounded, with nothing in them hidden."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import NamedTuple
from uuid import UUID

from approvals.models import PendingAction
from approvals.sealed_parts import readable_of_each
from harriet.lib.text import count_hidden, excerpt

MOST_PAIRS = 4
LONGEST_NAME, LONGEST_VALUE = 30, 90
"""Characters."""


class Pair(NamedTuple):
    name: str
    """Empty when the arguments are no object."""
    value: str


class Preview(NamedTuple):
    pairs: tuple[Pair, ...]
    more: int
    """Arguments beyond those."""
    hidden: int
    """Characters that nobody would see."""


def previews_of(actions: Collection[PendingAction]) -> dict[UUID, Preview]:
    """By action, all of one organization; of one that can't be opened there is none."""
    return {pk: preview_of(json.loads(sent.arguments)) for pk, sent in readable_of_each(actions).items()}


def preview_of(arguments: object) -> Preview:
    members = arguments if isinstance(arguments, dict) else {"": arguments}
    pairs = tuple(Pair(excerpt(name, LONGEST_NAME), _short(members[name])) for name in list(members)[:MOST_PAIRS])
    return Preview(pairs, max(len(members) - MOST_PAIRS, 0), sum(map(count_hidden, texts_in(arguments))))


def texts_in(value: object) -> Iterator[str]:
    """Every text of a JSON value, names too, as it is once it is decoded."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return excerpt(text, LONGEST_VALUE)
