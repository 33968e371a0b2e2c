"""Events as the audit page shows them: a sentence and a state each, grouped by what caused them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME
from audit.models import Checkpoint, Event
from audit.queries import steps_of
from audit.verification.place import newest_until, whole_since
from audit.vocabulary.declaration import CALL, LABELS, WORDS, kind_of
from audit.vocabulary.words import word_for

STALE, WHOLE_STALE = timedelta(days=2), timedelta(days=7)
"""After which a verification of what was new, and of all, was long ago."""


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


@dataclass(frozen=True, slots=True)
class LogRow:
    """What the page shows as one: a call from its hold to its result, what a sync found, or an event of its own."""

    newest: Event
    told: EventRow
    """The sentence that says what it is about, and the state that it has reached."""
    steps: list[EventRow]
    """As they happened; empty for an event of its own."""
    earlier: int
    """Steps before those that are shown."""

    @property
    def between(self) -> str:
        """What came between the asking and the end, of a call that people had to decide on."""
        return ", ".join(_BETWEEN[step.event.code] for step in self.steps if step.event.code in _BETWEEN)

    @property
    def summary(self) -> str:
        many = len(self.steps) + self.earlier
        return f"{many} steps" if kind_is(self.newest, CALL) else f"{many} events of one sync"


_ENDS = {
    "action.rejected": ("danger", "Rejected"),
    "action.expired": ("neutral", "Expired"),
    "action.withdrawn": ("neutral", "Withdrawn"),
    "action.invalidated": ("attention", "Not run"),
    "action.lost": ("attention", "Unknown outcome"),
}
"""How a held call may end without an outcome of its own."""
_BETWEEN = {CALL_HELD: "held", "action.approved": "approved"}
MOST_STEPS = 8
"""Of one row: a call has fewer; the rest of what a sync found is a click away."""


def log_rows(organization_id: UUID, page: list[Event]) -> list[LogRow]:
    """`page` has of what is told together only the newest."""
    together = [event for event in page if not event.wrong and _together(event)]
    steps: dict[tuple[UUID, str], list[Event]] = defaultdict(list)
    for step in steps_of(organization_id, together, MOST_STEPS) if together else []:
        if not step.wrong:
            steps[step.request_id, _together(step)].append(step)
    return [_log_row(event, [] if event.wrong else steps[event.request_id, _together(event)]) for event in page]


def _log_row(event: Event, steps: list[Event]) -> LogRow:
    if len(steps) < 2:
        return LogRow(event, row_of(event), [], 0)
    rows = [row_of(step) for step in steps]
    end = next((row for row in reversed(rows) if row.event.code in (CALL_OUTCOME, *_ENDS)), None)
    state = end or next((row for row in reversed(rows) if row.word), rows[-1])
    asked = next((row for row in rows if row.event.code in _ASKS), state)
    kind, word = _ENDS.get(state.event.code, (state.kind, state.word))
    told = EventRow(asked.event, kind, word)
    return LogRow(event, told, rows, int(getattr(steps[0], "in_all", len(steps))) - len(steps))


_ASKS = (CALL_INTENT, "connector.synced")
"""Whose sentence says best what all the steps were about."""


def _together(event: Event) -> str:
    kind = kind_of(event.code)
    return kind.together if kind is not None else ""


def kind_is(event: Event, together: str) -> bool:
    return _together(event) == together


@dataclass(frozen=True, slots=True)
class Badge:
    kind: str
    word: str
    checked: Checkpoint | None
    whole_since: datetime | None = None
    """Each event that was sealed then has been verified since."""
    newest_until: datetime | None = None
    """Each event recorded up to then was verified when it was new; None where that says no more."""


def badge_of(checked: Checkpoint | None) -> Badge:
    """What stands of the last verifications, and whether they were lately."""
    if checked is None:
        return Badge("neutral", "Chain not verified yet", None)
    kind, word = _hue_and_word(checked)
    whole, newest = whole_since(checked), newest_until(checked)
    return Badge(kind, word, checked, whole, newest if whole is None or newest > whole else None)


def _hue_and_word(checked: Checkpoint) -> tuple[str, str]:
    whole, now = whole_since(checked), timezone.now()
    if checked.fault:
        many = checked.foreign
        if many and many == checked.faults:
            return "danger", "1 row from elsewhere" if many == 1 else f"{many} rows from elsewhere"
        return "danger", "Chain broken"
    if now - checked.verified_at > STALE or (whole is not None and now - whole > WHOLE_STALE):
        return "attention", "Chain verified long ago"
    if whole is None:
        return "neutral", "Chain being verified"
    return "ok", f"Chain verified up to seal {checked.sequence}"


def known_of(event: Event) -> list[tuple[str, str]]:
    """Everything that the event says, as names and values; details last."""
    fields = event.fields
    known = [(name.capitalize(), str(fields[name]["label"])) for name in ("actor", *LABELS) if fields.get(name)]
    known += [(_TITLES.get(name, name.capitalize()), str(fields[name])) for name in WORDS if name in fields]
    details = fields.get("details", {})
    return known + [(name.replace("_", " ").capitalize(), _plain(value)) for name, value in details.items()]


_TITLES = {"client": "Client, as it calls itself", "token_hint": "Its credential ends in"}


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value) or "none"
    if value is None or value == "":
        return "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
