"""One call in the second person: what you called, who decided, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from approvals.events import (
    ActionApproved,
    ActionEdited,
    ActionEnded,
    ActionExpired,
    ActionInvalidated,
    ActionLost,
    ActionRejected,
    ActionWithdrawn,
)
from audit.events import CALL_HELD, CALL_OUTCOME, CALL_REFUSED
from audit.models import Event
from audit.vocabulary.words import OUTCOMES, Word

_RUNNING = Word("Running", "neutral")
_WAITS = Word("Waits for approval", "attention")
_REFUSED = Word("Refused", "danger")
_ENDS = {
    ActionRejected.code: Word("Rejected", "danger"),
    ActionExpired.code: Word("Expired", "danger"),
    ActionWithdrawn.code: Word("Withdrawn", "neutral"),
    ActionEnded.code: Word("Ended with your access", "neutral"),
    ActionInvalidated.code: Word("Did not run", "danger"),
    ActionLost.code: Word("Started, outcome unknown", "danger"),
    ActionApproved.code: Word("Approved, about to run", "neutral"),
}
_NOT_YOURS = "It is not among the tools that you may use."


@dataclass(frozen=True, slots=True)
class Happening:
    """`sentence` ends where the tool's name follows; `tool` is empty when the row can't be read."""

    sentence: str
    tool: str
    connector: str
    device: str
    client: str
    decided: str
    """Who decided about a held call, and how; empty when nobody did."""
    why: str
    ticket: int
    """0 when there is none."""
    kind: str
    word: str
    at: datetime
    event: UUID
    """Names the call, for whoever reports it."""


def happening_of(beginning: Event, steps: list[Event], known: set[UUID]) -> Happening:
    """`steps` are all events of its request, oldest first; `known` the tools that the person may use."""
    fields = beginning.fields
    if not fields:
        return Happening(
            beginning.sentence,
            "",
            "",
            "",
            "",
            "",
            "",
            0,
            "attention",
            "Unreadable",
            beginning.recorded_at,
            beginning.pk,
        )
    is_refused = beginning.code == CALL_REFUSED
    may_know = not is_refused or beginning.tool_id in known
    word = _word(beginning, steps)
    return Happening(
        sentence=_SENTENCES.get(beginning.code, "You called"),
        tool=_label(fields, "tool") if may_know and fields.get("tool") else _asked_for(fields),
        connector=_label(fields, "connector") if may_know else "",
        device=_label(fields, "device"),
        client=str(fields.get("client", "")),
        decided=_decided(steps),
        why=_why(beginning, steps) if may_know else _NOT_YOURS,
        ticket=_ticket(fields),
        kind=word.hue,
        word=word.label,
        at=beginning.recorded_at,
        event=beginning.pk,
    )


_SENTENCES = {CALL_REFUSED: "You were refused", CALL_HELD: "You asked for"}


def _word(beginning: Event, steps: list[Event]) -> Word:
    if beginning.code == CALL_REFUSED:
        return _REFUSED
    outcome = next((step for step in reversed(steps) if step.code == CALL_OUTCOME), None)
    if outcome is not None:
        return OUTCOMES.get(outcome.outcome, _RUNNING)
    end = next((_ENDS[step.code] for step in reversed(steps) if step.code in _ENDS), None)
    return end or (_WAITS if beginning.code == CALL_HELD else _RUNNING)


def _decided(steps: list[Event]) -> str:
    for step in reversed(steps):
        who = _label(step.fields, "actor")
        if step.code == ActionApproved.code:
            return f"{who} approved it{' with changes' if any(one.code == ActionEdited.code for one in steps) else ''}"
        if step.code == ActionRejected.code:
            return f"{who} rejected it"
        if step.code == ActionWithdrawn.code:
            return f"{who} withdrew it" if _is_of_another(step) else "you withdrew it"
        if step.code == ActionExpired.code:
            return "nobody decided in time"
    return ""


def _is_of_another(step: Event) -> bool:
    """It was done by a person who is not the one whose call it is."""
    actor, person = (dict(step.fields.get(name) or {}) for name in ("actor", "person"))
    return actor.get("kind") == "person" and actor.get("id") != person.get("id")


def _why(beginning: Event, steps: list[Event]) -> str:
    """The last reason that was given: a rejection's, an error's, a refusal's."""
    telling = {CALL_OUTCOME, CALL_REFUSED, *(one.code for one in (ActionRejected, ActionInvalidated, ActionLost))}
    reasons = [str(step.fields.get("reason", "")) for step in steps if step.code in telling]
    return next((reason for reason in reversed(reasons) if reason), "")


def _asked_for(fields: Mapping[str, Any]) -> str:
    details = fields.get("details")
    said = details.get("asked_for") if isinstance(details, Mapping) else ""
    return str(said or "something that is not there")


def _label(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return str(value.get("label", "")) if isinstance(value, Mapping) else ""


def _ticket(fields: Mapping[str, Any]) -> int:
    number = _label(fields, "ticket").removeprefix("#")
    return int(number) if number.isdecimal() and len(number) < 9 else 0
