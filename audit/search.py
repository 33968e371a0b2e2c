"""Searching in what events say, where no column repeats it: device, client, ticket, and any text.

No index helps with that, so so many rows at a time are read, the newest first, and it is said how far back that went.
"""

from __future__ import annotations

from functools import cache

import orjson
from django.db.models import BooleanField, F, Func, Q, Value

from audit.vocabulary.declaration import known_kinds
from audit.vocabulary.sentences import template_words
from audit.vocabulary.words import DECISIONS, OUTCOMES

MOST_WORDS = 8
_ANY_ID = "_" * 36
Condition = Func | Q


class _Holds(Func):
    """Letter by letter: a sixth of what it costs to look past their case."""

    template = "%(expressions)s"
    arg_joiner = " LIKE "
    output_field = BooleanField()


class _Like(Func):
    """Whatever the case of the letters."""

    template = "%(expressions)s"
    arg_joiner = " ILIKE "
    output_field = BooleanField()


def names_device(device_id: object) -> Condition:
    return _Holds(F("body"), Value(f'%"device":{{"id":"{device_id}"%'))


def names_device_called(name: str) -> Condition:
    return _body(f'%"device":{{"id":"{_ANY_ID}","label":"{_literal(name)}"}}%')


def names_ticket(number: int) -> Condition:
    return _Holds(F("body"), Value(f'%"ticket":{{"id":"{_ANY_ID}","label":"#{number}"}}%'))


def names_client(beginning: str) -> Condition:
    """A client whose name begins so: the version stands behind it."""
    return _body(f'%,"client":"{_literal(beginning)}%')


def says(text: str) -> list[Condition]:
    """Events that have every one of these words, in what they hold or in what their kind always says."""
    return [_has(word) for word in text.split()[:MOST_WORDS]]


def _has(word: str) -> Condition:
    small = word.lower()
    codes = [code for code, said in _said_by_kinds().items() if small in said]
    found = Q(_body(f"%{_literal(word)}%")) | Q(code__in=codes)
    for column, words in (("outcome", OUTCOMES), ("decision", DECISIONS)):
        named = [value for value, one in words.items() if small in f"{one.label} {one.sentence}".lower()]
        found |= Q(**{f"{column}__in": named})
    return found


@cache
def _said_by_kinds() -> dict[str, str]:
    return {kind.code: f"{kind.code} {template_words(kind.sentence)}" for kind in known_kinds()}


def _body(pattern: str) -> _Like:
    return _Like(F("body"), Value(pattern))


def _literal(text: str) -> str:
    """As it stands in a body, which is JSON, and with nothing in it that LIKE takes for more than itself."""
    written = orjson.dumps(text).decode()[1:-1]
    return written.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
