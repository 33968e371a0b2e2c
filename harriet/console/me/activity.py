"""What a person's clients did and what was decided about it: read from the audit log, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.events import CALL_INTENT
from audit.models import Event
from audit.queries import CALLS, EventFilters, events_of
from audit.vocabulary.words import Word, word_for

_RUNNING = Word("Running", "neutral")


@dataclass(frozen=True, slots=True)
class Happening:
    sentence: str
    kind: str
    word: str
    at: datetime


def calls_of(organization_id: UUID, person_id: UUID, *, most: int) -> list[Happening]:
    """One line a call, where the log has several: the latest that is known about each."""
    events = events_of(organization_id, EventFilters(person=person_id)).filter(code__in=CALLS)
    latest: dict[UUID, Event] = {}
    for event in events[: most * 3]:
        latest.setdefault(event.request_id, event)
    return [_happening(event) for event in list(latest.values())[:most]]


def _happening(event: Event) -> Happening:
    is_running = event.code == CALL_INTENT
    word = (None if is_running else word_for(event.decision, event.outcome)) or _RUNNING
    return Happening(event.sentence, word.hue, word.label, event.recorded_at)
