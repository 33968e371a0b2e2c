"""Finding by words: "silva" finds Maria Silva, "issue" finds create_issue. Every word asked for begins a word of what
is found; an index has them, so that a company of any size answers alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value

from harriet.people.models import SearchWord

Noun = SearchWord.Noun
_BETWEEN = re.compile(r"[\s!-/:-@\[-`{-~]+")
"""As in the function `search_words_of` of the database."""
_MOST_WORDS, _LONGEST_WORD = 5, 60
_ROWS_EACH = 5
"""A subject may stand among the rows once for each of its words."""


def words_in(text: str) -> list[str]:
    """What is looked for, the longest first: it is likely to be the rarest."""
    words = {word[:_LONGEST_WORD] for word in _BETWEEN.split(text.lower()) if word}
    return sorted(words, key=lambda word: (-len(word), word))[:_MOST_WORDS]


def has_words(noun: str, text: str) -> Q:
    """Of the noun's rows those that the words find; all when there is no word in the text."""
    found = Q()
    for word in words_in(text):
        said = SearchWord.objects.filter(subject_id=OuterRef("pk"), noun=noun, word__startswith=word)
        found &= Q(Exists(said))
    return found


def is_found_by(organization_id: UUID, noun: str, text: str) -> Q:
    """The same, of one organization: its part of the index alone is read. Nothing is found by no word."""
    words = words_in(text)
    of_noun = SearchWord.objects.filter(organization_id=organization_id, noun=noun)
    found = Q() if words else Q(pk__in=[])
    for word in words:
        found &= Q(pk__any_of=ArraySubquery(of_noun.filter(word__startswith=word).values("subject_id")))
    return found


def first_found(organization_id: UUID, nouns: Iterable[str], text: str, most: int) -> dict[str, list[UUID]]:
    """By noun, the ids of the first so many, by the word that is found: one query."""
    words = words_in(text)
    if not words:
        return {}
    parts = [_rows(organization_id, noun, words)[: most * _ROWS_EACH] for noun in nouns]
    found: dict[str, dict[UUID, None]] = {}
    for noun, subject_id, _ in parts[0].union(*parts[1:], all=True) if parts else ():
        found.setdefault(noun, {})[subject_id] = None
    return {noun: list(ids)[:most] for noun, ids in found.items()}


def _rows(organization_id: UUID, noun: str, words: list[str]) -> QuerySet[Any, Any]:
    rows = SearchWord.objects.filter(organization_id=organization_id, noun=noun, word__startswith=words[0])
    for word in words[1:]:
        rows = rows.filter(Exists(SearchWord.objects.filter(subject_id=OuterRef("subject_id"), word__startswith=word)))
    named = Value(str(noun), output_field=CharField())
    return rows.order_by("word", "subject_id").values_list(named, "subject_id", "word")
