"""Where a held call stands, as its client is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from approvals.actions.expire_actions import NOT_RUN
from approvals.actions.withdraw_action import WITHDRAWN
from approvals.held_call import Held
from approvals.lifecycle import State
from harriet.gateway.content.blocks import FALSE, raw
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import ON_TICKET, OnTicket
from harriet.gateway.policy.own_tools import STATUS_TOOL
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.view import offers_status
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.methods import TOOLS_CALL
from harriet.lib.sentences import ended

_NOT_AGAIN = "Don't repeat it to see the result: that would ask for approval to run it again."


def so_far(held: Held) -> str:
    """One sentence for a client that waits."""
    if held.state == State.WAITING:
        return f"Waiting for approval on ticket #{held.ticket_number}."
    return f"Approved on ticket #{held.ticket_number}; it runs now."


def come_back(held: Held, call: Call) -> Fields:
    """The result for a client that isn't held any longer."""
    return _told(f"{where_it_stands(held)} {_what_to_do(held, call)}", held, call)


def where_it_stands(held: Held) -> str:
    """Of a call that has not ended."""
    if held.state == State.WAITING:
        return (
            f"This call waits for approval: ticket #{held.ticket_number}, {link_to(held)}. "
            f"The request expires on {at(held.expires_at)}."
        )
    return f"This call was approved and runs now: ticket #{held.ticket_number}, {link_to(held)}."


def _what_to_do(held: Held, call: Call) -> str:
    """For a model: what it may do with its turn, and what it had better not."""
    when = "in some minutes" if held.state == State.WAITING else "in a moment"
    view = view_of(call.snapshot, call.principal, call.profile)
    look = f" {STATUS_TOOL} says where it stands." if offers_status(view) else ""
    return (
        f"Don't repeat it at once: tell your person that it waits, and go on with something else.{look} Nothing more "
        f"needs to be sent: repeat exactly the same call {when} to collect the result, once, until "
        f"{at(held.collect_until)}."
    )


def was_collected(held: Held, call: Call) -> Fields:
    """The result for a client that came after another had collected it."""
    return _told(collected_elsewhere(held), held, call)


def collected_elsewhere(held: Held) -> str:
    return (
        f"The call ran once, and its result on ticket #{held.ticket_number} was collected by another request already. "
        f"{_NOT_AGAIN}"
    )


def has_lapsed(held: Held, call: Call) -> Fields:
    """The result for a client whose result was deleted while it waited."""
    return _told(lapsed_words(held), held, call)


def lapsed_words(held: Held) -> str:
    return (
        f"The call ran once, and nobody collected its result on ticket #{held.ticket_number} until "
        f"{at(held.collect_until)}, so the result was deleted. {_NOT_AGAIN}"
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
    return {
        "number": held.ticket_number,
        "url": link_to(held),
        "state": held.state,
        "expiresAt": held.expires_at.isoformat(),
        "collectUntil": held.collect_until.isoformat(),
    }


def at(moment: datetime) -> str:
    """A time in a sentence."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def link_to(held: Held) -> str:
    return f"{settings.BASE_URL}{held.ticket_path}"


def refusal_of(held: Held) -> str:
    """Why the call was not run, and where that stands."""
    if held.state == State.WITHDRAWN and held.reason == WITHDRAWN:
        number = held.ticket_number
        return f"This call was withdrawn by you (ticket #{number}) and has not run. Don't send it again unasked."
    words = {
        State.REJECTED: "was rejected",
        State.EXPIRED: "expired" if held.reason == NOT_RUN else "expired without a decision",
        State.WITHDRAWN: "was withdrawn",
    }
    state = words.get(State(held.state), "was not run")
    reason = f": {ended(held.reason)}" if held.reason else "."
    return f"This call {state} (ticket #{held.ticket_number}){reason} What was decided stands at {link_to(held)}."
