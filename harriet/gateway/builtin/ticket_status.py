"""`harriet_ticket_status`: where a caller's calls stand that need approval, and what to do about each now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from approvals.lifecycle import REFUSED, State
from approvals.models import PendingAction
from approvals.queries import calls_asked_for, open_of
from harriet.gateway.content.blocks import FALSE, raw
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import ToolRefusal
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.ticket import at

MOST = 60
"""Tickets in one answer: no more calls of one person wait at once."""
_COLLECT = "repeat exactly the same call, with the same client and profile, to collect the result"


async def ticket_status(call: Call) -> Fields:
    """Raises ToolRefusal for a number that is none of the caller's tickets, whoever else's it is."""
    number = call.values.get("ticket")
    found = await in_database(_found, call, number)
    if number is not None and not found:
        raise ToolRefusal(f"There is no ticket #{number} of a call that you asked for.")
    told = [_ticket(action) for action in found]
    content = [{"type": "text", "text": "\n".join(_line(ticket) for ticket in told) or _NOTHING}]
    return {"content": raw(content), "structuredContent": raw({"tickets": told}), "isError": FALSE}


_NOTHING = "None of your calls waits for approval, and no result waits to be collected."


def _found(call: Call, number: int | None) -> list[PendingAction]:
    """A person's calls, with whichever of their clients; a client that was given less than its person has sees its own
    alone."""
    principal = call.principal
    has_less = principal.only_profile_id is not None or principal.scopes is not None
    calls = calls_asked_for(call.snapshot.facts.id, principal.user_id, principal.token_id, own_token=has_less)
    return list((open_of(calls) if number is None else calls.filter(ticket__number=number))[:MOST])


def _ticket(action: PendingAction) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": action.ticket.number,
        "url": f"{settings.BASE_URL}{reverse('tickets:detail', args=[action.ticket.number])}",
        "state": action.state,
        "connector": action.connector.name,
        "tool": str(action.tool),
        "heldBecause": action.reason,
        "askedAt": action.created_at.isoformat(),
        "expiresAt": action.expires_at.isoformat(),
        "next": _next(action),
    }
    if action.state in REFUSED:
        told["reason"] = action.outcome_reason
    if action.state in (State.WAITING, State.APPROVED, State.EXECUTING, State.DONE):
        told["collectUntil"] = action.collect_until.isoformat()
    return told


def _next(action: PendingAction) -> str:
    state = State(action.state)
    if state == State.WAITING:
        return f"Wait: nobody has decided on it yet. It expires on {at(action.expires_at)}."
    if state in (State.APPROVED, State.EXECUTING):
        return f"It was approved and runs now. In a moment, {_COLLECT}."
    if state == State.DONE:
        return f"It ran, and its result waits until {at(action.collect_until)}: {_COLLECT}, once."
    return _ENDS.get(state, "It has not run. Don't send it again unasked.")


_ENDS = {
    State.COLLECTED: "It ran once, and its result was collected. There is nothing left to do.",
    State.LAPSED: "It ran once. Nobody collected its result in time, so the result was deleted.",
    State.UNKNOWN: "It was started, and nobody knows how it ended: look at the service before you ask for it again.",
}


def _line(ticket: dict[str, Any]) -> str:
    why = f" {ticket['reason']}" if ticket.get("reason") else ""
    what, state = f"#{ticket['number']} {ticket['connector']}, {ticket['tool']}", State(ticket["state"]).label
    return f"{what}: {state}.{why} {ticket['next']} {ticket['url']}"
