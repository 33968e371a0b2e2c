"""What happened before: what the tool did lately, and what became of the same person's calls of it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from approvals.lifecycle import RAN, State
from approvals.models import PendingAction
from approvals.queries import asked_by
from audit.models import Event
from audit.queries import calls_of_tool

NEWEST = 5
DAYS, MOST = 30, 500
_ENDS = (
    ("ran", RAN),
    ("rejected", (State.REJECTED,)),
    ("expired", (State.EXPIRED,)),
    ("withdrawn or ended", (State.WITHDRAWN, State.ENDED)),
    ("did not fit any more", (State.INVALID,)),
    ("ended unknown", (State.UNKNOWN,)),
)


class Earlier(NamedTuple):
    number: int
    state: str
    at: datetime

    @property
    def get_state_display(self) -> str:
        """As templates/tickets/state.html asks a held call."""
        return str(State(self.state).label)


class SamePerson(NamedTuple):
    """Calls of one tool that one person, or one key, asked for and that were held lately."""

    newest: list[Earlier]
    """Without the one that is looked at."""
    ends: str
    """ "12 ran, 2 rejected"; empty when there was none."""
    url: str
    """All of them."""


def of_tool(action: PendingAction) -> list[Event]:
    """Its latest outcomes and refusals, the newest first."""
    return calls_of_tool(action.organization_id, action.tool_id, limit=NEWEST)


def of_same_person(action: PendingAction) -> SamePerson:
    """Whoever sees one of these tickets sees the others, too: they have the same connector and the same asker."""
    since = timezone.now() - timedelta(days=DAYS)
    of_tool = PendingAction.objects.filter(
        organization=action.organization_id, connector=action.connector_id, tool=action.tool_id, created_at__gte=since
    )
    same = asked_by(of_tool, action.user_id, action.token_id).exclude(pk=action.pk).order_by("-created_at")
    found = [Earlier(*row) for row in same.values_list("ticket__number", "state", "created_at")[:MOST]]
    query = {"show": "all", "tool": action.tool.name, "who": action.caller_label}
    return SamePerson(found[:NEWEST], _in_words(found), f"{reverse('tickets:list')}?{urlencode(query)}")


def _in_words(found: list[Earlier]) -> str:
    counted = Counter(one.state for one in found)
    numbers = [(sum(counted[state] for state in states), word) for word, states in _ENDS]
    return ", ".join(f"{number} {word}" for number, word in numbers if number)
