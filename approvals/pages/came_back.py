"""What came back of a call that ran: what the log knows of it, and to whoever asked the answer itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from approvals.models import PendingAction
from approvals.sealed_parts import result_of
from audit.events import CALL_OUTCOME
from audit.queries import EventFilters, events_of
from audit.vocabulary.words import Word, word_for

LARGEST_SHOWN = 6_000
"""Characters."""
SHOWN = (PendingAction.State.DONE, PendingAction.State.COLLECTED)
"""Of a result that nobody collected in time its state says all."""


@dataclass(frozen=True, slots=True)
class CameBack:
    sentence: str
    word: Word | None
    """How it ended."""
    size: int | None
    """Bytes, where the log says so."""
    text: str
    """The beginning of the answer, for whoever asked, until it is collected."""
    is_cut: bool


def came_back(action: PendingAction, user_id: object) -> CameBack | None:
    """None of a call that has not run, and of one whose result was not collected in time."""
    if action.state not in SHOWN:
        return None
    filters = EventFilters(request=action.request_id, code=CALL_OUTCOME)
    event = events_of(action.organization_id, filters).first()
    details: dict[str, Any] = event.fields.get("details") or {} if event is not None else {}
    kept = result_of(action) if action.user_id == user_id else None
    text = kept.decode() if kept else ""
    return CameBack(
        sentence=event.sentence if event is not None else "",
        word=word_for(event.decision, event.outcome) if event is not None else None,
        size=details.get("size"),
        text=text[:LARGEST_SHOWN],
        is_cut=len(text) > LARGEST_SHOWN,
    )
