"""Where a held call stands, as its client is told."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from approvals.held_call import Held
from approvals.lifecycle import State
from harriet.gateway.content.blocks import FALSE, raw
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import ON_TICKET, OnTicket
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.methods import TOOLS_CALL


def so_far(held: Held) -> str:
    """One sentence for a client that waits."""
    if held.state == State.WAITING:
        return f"Waiting for approval on ticket #{held.ticket_number}."
    return f"Approved on ticket #{held.ticket_number}; it runs now."


def come_back(held: Held, call: Call) -> Fields:
    """The result for a client that isn't held any longer."""
    running = held.state in (State.APPROVED, State.EXECUTING)
    state = "was approved and runs now" if running else "waits for approval"
    text = (
        f"This call {state}: ticket #{held.ticket_number}, {_link(held)}. Nothing more needs to be sent: repeat "
        "exactly the same call later to collect the result. "
        f"The request expires on {held.expires_at:%Y-%m-%d %H:%M} UTC."
    )
    return _told(text, held, call)


def was_collected(held: Held, call: Call) -> Fields:
    """The result for a client that came after another had collected it."""
    return _told(
        f"The call ran once, and its result on ticket #{held.ticket_number} was collected by another request already. "
        "Don't repeat it to see the result: that would ask for approval to run it again.",
        held,
        call,
    )


def _told(text: str, held: Held, call: Call) -> Fields:
    """Where a call stands. Nothing went wrong, so it is a result and no error, where there is a shape for it: to a
    model an error is a reason to try again. Raises OnTicket for prompts and resources, whose results have none."""
    ticket = ticket_of(held)
    if call.method != TOOLS_CALL:
        raise OnTicket(ON_TICKET, text, ticket)
    return {
        "content": raw([{"type": "text", "text": text}]),
        "structuredContent": raw({"ticket": ticket}),
        "isError": FALSE,
        "_meta": raw({"harriet/ticket": ticket}),
    }


def ticket_of(held: Held) -> dict[str, Any]:
    """The ticket as JSON, for `_meta` and error data (docs/approvals.md)."""
    expires = held.expires_at.isoformat()
    return {"number": held.ticket_number, "url": _link(held), "state": held.state, "expiresAt": expires}


def _link(held: Held) -> str:
    return f"{settings.BASE_URL}{held.ticket_path}"


def refusal_of(held: Held) -> str:
    """Why the call was not run, and where that stands."""
    if held.state == State.WITHDRAWN:
        number = held.ticket_number
        return f"This call was withdrawn by you (ticket #{number}) and has not run. Don't send it again unasked."
    words = {State.REJECTED: "was rejected", State.EXPIRED: "expired without a decision"}
    state = words.get(State(held.state), "was not run")
    reason = f": {held.reason}" if held.reason else "."
    return f"This call {state} (ticket #{held.ticket_number}){reason} What was decided stands at {_link(held)}."
