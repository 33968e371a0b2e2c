"""Events as the audit page shows them: a sentence and a state each, grouped by what caused them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from audit.models import Checkpoint, Event
from audit.vocabulary.declaration import LABELS, WORDS
from audit.vocabulary.words import word_for

STALE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class EventRow:
    event: Event
    kind: str
    word: str
    """Empty for changes, which have no decision and no outcome."""


def row_of(event: Event) -> EventRow:
    if event.wrong:
        return EventRow(event, "danger", "Not Harriet's")
    word = word_for(event.decision, event.outcome)
    return EventRow(event, word.hue, word.label) if word else EventRow(event, "", event.outcome or event.decision)


def grouped(events: Iterable[Event]) -> list[list[EventRow]]:
    """One group a request, the newest first; within it as things happened."""
    groups: dict[UUID, list[EventRow]] = {}
    for event in events:
        groups.setdefault(event.request_id, []).insert(0, row_of(event))
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class Badge:
    kind: str
    word: str
    checked: Checkpoint | None


def badge_of(checked: Checkpoint | None) -> Badge:
    """What the last verification found, and whether that was lately."""
    if checked is None:
        return Badge("neutral", "Chain not verified yet", None)
    if checked.fault:
        many = checked.foreign
        if many and many == checked.faults:
            return Badge("danger", "1 row from elsewhere" if many == 1 else f"{many} rows from elsewhere", checked)
        return Badge("danger", "Chain broken", checked)
    if timezone.now() - checked.verified_at > STALE:
        return Badge("attention", "Chain verified long ago", checked)
    return Badge("ok", f"Chain verified up to seal {checked.sequence}", checked)


def known_of(event: Event) -> list[tuple[str, str]]:
    """Everything that the event says, as names and values; details last."""
    fields = event.fields
    known = [(name.capitalize(), str(fields[name]["label"])) for name in ("actor", *LABELS) if fields.get(name)]
    known += [(name.capitalize(), fields[name]) for name in WORDS if name in fields]
    details = fields.get("details", {})
    return known + [(name.replace("_", " ").capitalize(), _plain(value)) for name, value in details.items()]


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value) or "none"
    if value is None or value == "":
        return "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
