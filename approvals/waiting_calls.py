"""What one person waits for at one connector, and the one matter that approvers hear of it as."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse

from approvals.models import PendingAction
from approvals.queries import asked_by, still_waiting
from harriet.lib.sentences import some_of
from harriet.people.notifications.keys import about_connector
from harriet.people.notifications.kinds import CALLS, EXPIRING, Matter

_NAMED = 3
"""Tools that a sentence names."""


def waiting_with(action: PendingAction) -> list[PendingAction]:
    """What the same person waits for at the same connector, the oldest first. Held until the transaction ends: two
    decisions at once would each still count the other's call."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key_of(action)])
    return list(same_caller(action).select_related("ticket", "tool", "connector").order_by("pk"))


def same_caller(action: PendingAction) -> QuerySet[PendingAction]:
    """What waits of the same person, or key, at the same connector."""
    at_connector = still_waiting(action.organization_id).filter(connector=action.connector_id)
    return asked_by(at_connector, action.user_id, action.token_id)


def matter_of(action: PendingAction, waiting: list[PendingAction]) -> Matter:
    """All of it as one matter, with a detail for each call."""
    details = [(str(call.ticket)[:120], path_of(call)) for call in waiting]
    return Matter(CALLS, action.organization_id, key_of(action), sentence_of(waiting), path_to(waiting), details)


def expiring_matter_of(action: PendingAction, soon: list[PendingAction]) -> Matter:
    """What of it expires soon, as a matter of its own."""
    details = [(str(call.ticket)[:120], path_of(call)) for call in soon]
    text = f"{'This call expires' if len(soon) == 1 else f'{len(soon)} calls expire'} soon: {sentence_of(soon)}"
    return Matter(EXPIRING, action.organization_id, expiring_key_of(action), text, path_to(soon), details)


def matters_left(action: PendingAction, waiting: list[PendingAction]) -> Iterator[Matter]:
    """What people were told of the caller's calls, as it is now that one waits no longer."""
    if waiting:
        yield matter_of(action, waiting)
    soon = [call for call in waiting if call.reminded_at is not None]
    if soon:
        yield expiring_matter_of(action, soon)


def keys_over(action: PendingAction, waiting: list[PendingAction]) -> Iterator[str]:
    """The matters of which nothing is left."""
    if not waiting:
        yield key_of(action)
    if not any(call.reminded_at is not None for call in waiting):
        yield expiring_key_of(action)


def expiring_key_of(action: PendingAction) -> str:
    return f"{key_of(action)} expiring"


def key_of(action: PendingAction) -> str:
    """The same for all calls of one caller to one connector: they are announced together."""
    who = action.user_id or action.token_id or action.ticket_id
    return f"{about_connector(action.connector_id)}asks {who}"


def sentence_of(waiting: list[PendingAction]) -> str:
    """In at most three hundred characters."""
    first = waiting[0]
    if len(waiting) == 1:
        return f"{first.caller_label} asks to run {first.ticket.title}."
    names = list(dict.fromkeys(str(action.tool) for action in waiting))
    tools = some_of([name[:40] for name in names], _NAMED)
    return f"{first.caller_label[:80]} asks to run {first.connector.name[:60]}: {tools} ({len(waiting)} calls)."


def path_to(waiting: list[PendingAction]) -> str:
    """Where in the pages somebody decides: the ticket, or the list when several wait."""
    if len(waiting) == 1:
        return path_of(waiting[0])
    return f"{reverse('tickets:list')}?show=waiting"


def path_of(action: PendingAction) -> str:
    """Of one ticket."""
    return reverse("tickets:detail", args=[action.ticket.number])
