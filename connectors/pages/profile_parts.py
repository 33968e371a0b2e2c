"""Who has a profile, a page at a time, and how much of it each of them may use."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.http import QueryDict

from connectors.access.in_database import counts_for, is_in
from connectors.access.preview import counted_words
from connectors.models import Profile, Tool
from connectors.pages.fields import Havers
from harriet.pages.long_list import LongList, long_list
from harriet.pages.picking import Choice
from harriet.people.trust import Trust

MOST_COUNTED = 300
"""Tools of a profile of which is told how many each of a page of people may use; of more, their own page tells."""


@dataclass(frozen=True, slots=True)
class HaverRow:
    person: Choice
    words: str
    """ "2 of 84 tools"; empty where there are too many to count for everybody."""


@dataclass(frozen=True, slots=True)
class WhoHasIt:
    people: LongList
    rows: list[HaverRow]


def who_has(profile: Profile, asked: QueryDict) -> WhoHasIt:
    people = long_list(Havers(profile), asked, "has")
    inside = Tool.objects.filter(is_in(Profile.objects.filter(pk=profile.pk)), organization=profile.organization_id)
    kinds = Counter(inside.order_by().values_list("kind", flat=True)[: MOST_COUNTED + 1])
    if kinds.total() > MOST_COUNTED or not people.rows:
        return WhoHasIt(people, [HaverRow(one, "") for one in people.rows])
    counts = counts_for(profile, [UUID(one.value) for one in people.rows])
    return WhoHasIt(people, [HaverRow(one, _words(kinds, counts.get(UUID(one.value), {}))) for one in people.rows])


def _words(offered: Counter[str], allowed: dict[str, int]) -> str:
    return counted_words({kind: (allowed.get(kind, 0), number) for kind, number in offered.items()})


_ALWAYS = ("Dangerous", "waits for approval"), ("Requires confirmation", "waits for approval")
MEANING = {
    Trust.MANUAL: (
        ("Read-only", "waits for approval"),
        ("Moderate", "waits for approval"),
        ("Unknown", "waits for approval"),
        *_ALWAYS,
    ),
    Trust.SUPERVISED: (
        ("Read-only", "runs"),
        ("Moderate", "waits for approval"),
        ("Unknown", "waits for approval"),
        *_ALWAYS,
    ),
    Trust.AUTONOMOUS: (
        ("Read-only", "runs"),
        ("Moderate", "runs where a scope covers it, and waits otherwise"),
        ("Unknown", "runs where a scope names the tool, and waits otherwise"),
        *_ALWAYS,
    ),
}
"""What the trust level of a profile makes of each risk class, as its page says it."""
