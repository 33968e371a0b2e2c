"""How many calls of one person may wait for a decision at once: those who decide are not to be flooded."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min, Q
from django.urls import reverse

from approvals.errors import TooMany
from approvals.queries import asked_by, still_waiting

MOST_OF_A_TOOL = 20
"""Calls of one tool that one person may have waiting; one key, when it is nobody's."""
MOST_OF_A_PERSON = 60
"""Of all tools together."""

_FULL = (
    "{count} calls{what} wait for approval already, the most that may wait at once; the oldest is ticket #{oldest}. "
    "This call was not put on a ticket and has not run. Wait until some are decided, then call again: {link}"
)


def check_room(organization_id: UUID, user_id: UUID | None, token_id: UUID | None, tool_id: UUID, tool: str) -> None:
    """Raises TooMany when this person, or this key of nobody's, has to wait for decisions first."""
    found = asked_by(still_waiting(organization_id), user_id, token_id).aggregate(
        every=Count("id"),
        of_tool=Count("id", filter=Q(tool=tool_id)),
        oldest=Min("ticket__number"),
        oldest_of_tool=Min("ticket__number", filter=Q(tool=tool_id)),
    )
    if found["of_tool"] >= MOST_OF_A_TOOL:
        raise _too_many(found["of_tool"], f" of {tool} that you asked for", found["oldest_of_tool"])
    if found["every"] >= MOST_OF_A_PERSON:
        raise _too_many(found["every"], " that you asked for", found["oldest"])


def _too_many(count: int, what: str, oldest: int) -> TooMany:
    link = f"{settings.BASE_URL}{reverse('tickets:list')}"
    return TooMany(_FULL.format(count=count, what=what, oldest=oldest, link=link))
