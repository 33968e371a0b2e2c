"""A call that waits for a person: held open for some seconds, run once it is approved, collected once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import Error as DatabaseError

from approvals.actions.collect_result import collect_result
from approvals.actions.finish_action import finish_action
from approvals.actions.hold_action import hold_action
from approvals.actions.invalidate_action import invalidate_action
from approvals.actions.take_action import take_action
from approvals.actions.tell_refusal import tell_refusal
from approvals.errors import ApprovalError
from approvals.held_call import Held
from approvals.lifecycle import REFUSED, State
from approvals.queries import held_of
from audit.actor import SYSTEM
from harriet.gateway.content.methods import COMPLETION, TOOL
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import (
    ACCESS_LOST,
    INTERNAL_ERROR,
    ON_TICKET,
    AccessEnded,
    GatewayError,
    OnTicket,
    ToolRefusal,
    UpstreamSaidError,
)
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.view import Grant, grant_of, may_enter
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.bound import as_shown, bound_to, held_call_of
from harriet.gateway.steps.forward import error_result, shielded
from harriet.gateway.steps.patience import TELL_EVERY, Teller, seconds_left, seconds_to_hold

if TYPE_CHECKING:
    from harriet.gateway.runtime import Runtime
    from harriet.gateway.steps.request import Call

log = logging.getLogger(__name__)

Run = Callable[["Call", Grant, "Runtime"], Awaitable[Fields]]

_CHANGED = "What was approved is no longer what would be sent: {}. Call again to ask anew."
_KEPT_ERROR = "harriet/error"
_DECODE = msgspec.json.Decoder(Fields).decode


async def hold_call(call: Call, grant: Grant, runtime: Runtime, run: Run) -> Fields:
    """Puts the call on a ticket, or finds the ticket it is on, and waits a while for the decision.

    Raises ToolRefusal when it is refused. After the wait the answer says where the ticket is.
    """
    shown, teller = as_shown(call), Teller(call)
    held = await _on_a_ticket(shown, grant)
    until = monotonic() + seconds_to_hold(call, call.snapshot.facts.hold_seconds)
    with runtime.waiters.on(held.action_id) as event:
        while not call.stream.is_gone:
            event.clear()
            held = await _look(held.action_id)
            _check_access(call, held, runtime)
            answer = await _answer_for(held, shown, grant, runtime, run, teller)
            if answer is not None or monotonic() >= until:
                return answer or _come_back(held, call)
            await teller.say(_so_far(held))
            await _wait(event, min(TELL_EVERY, until - monotonic()))
    return _come_back(held, call)


def check_holdable(call: Call) -> None:
    """Raises ToolRefusal for what can't be approved: nobody could see what would leave."""
    if call.method == COMPLETION:
        raise ToolRefusal(
            "Each use of this needs a person's approval, so what is typed meanwhile does not go to the server for "
            "suggestions. Go on without them."
        )
    if call.more:
        raise ToolRefusal(
            "This needs a person's approval each time, and what it was asked in between can't be added to an approved "
            "call. Give everything in the arguments, or ask your IT admin to let it run without approval."
        )


async def _on_a_ticket(shown: Call, grant: Grant) -> Held:
    asked = held_call_of(shown, grant)
    try:
        return await in_database(hold_action, asked, actor=asked.asker)
    except ApprovalError as problem:
        raise ToolRefusal(problem.message) from None


async def _look(action_id: UUID) -> Held:
    try:
        return await in_database(held_of, action_id)
    except ApprovalError as problem:
        raise ToolRefusal(problem.message) from None


class Waiters:
    """Wakes those who hold a client's request when something became of its action, or of who may do what."""

    def __init__(self) -> None:
        self._events: dict[UUID, set[asyncio.Event]] = {}

    def __len__(self) -> int:
        return sum(len(waiting) for waiting in self._events.values())

    @contextmanager
    def on(self, action_id: UUID) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        waiting = self._events.setdefault(action_id, set())
        waiting.add(event)
        try:
            yield event
        finally:
            waiting.discard(event)
            if not waiting:
                self._events.pop(action_id, None)

    def wake(self, action_id: UUID) -> None:
        for event in self._events.get(action_id, ()):
            event.set()

    def wake_all(self) -> None:
        """An organization was loaded anew: callers may have lost their access."""
        for action_id in self._events:
            self.wake(action_id)


async def run_approved(
    action_id: UUID, agreed: bytes, call: Call, tool_id: UUID, runtime: Runtime, run: Run
) -> Fields | None:
    """Claims an approved call, runs it and keeps the answer; None when somebody else has it. From the claim on it goes
    to its end even when whoever waits for it goes away. Raises ToolRefusal when it no longer is what was approved."""
    grant = await _checked(action_id, agreed, call, tool_id)
    task = asyncio.create_task(_take_and_run(action_id, call, grant, runtime, run))
    runtime.running.keep(task)
    return await shielded(task)


async def _take_and_run(action_id: UUID, call: Call, grant: Grant, runtime: Runtime, run: Run) -> Fields | None:
    if not await in_database(take_action, action_id, actor=SYSTEM):
        return None
    try:
        result = await run(call, grant, runtime)
    except UpstreamSaidError as problem:
        said = f"The server refused the call: {problem.error.decode(errors='replace')}"
        result = _kept_error(said, call)
    except GatewayError as problem:
        result = _kept_error(problem.message, call)
    try:
        await in_database(finish_action, action_id, msgspec.json.encode(result), actor=SYSTEM)
    except DatabaseError:
        log.exception("The result of an approved call could not be kept; it goes to whoever waits for it.")
    return result


def _kept_error(message: str, call: Call) -> Fields:
    """What went wrong, kept for whoever collects it. Only tools have results that say so."""
    if call.method == TOOL:
        return error_result(ToolRefusal(message))
    return {_KEPT_ERROR: msgspec.Raw(msgspec.json.encode(message))}


async def _collected(held: Held) -> Fields | None:
    kept = await in_database(collect_result, held.action_id, actor=SYSTEM)
    if kept is None:
        return None
    fields = _DECODE(kept)
    if _KEPT_ERROR in fields:
        raise OnTicket(INTERNAL_ERROR, msgspec.json.decode(fields[_KEPT_ERROR], type=str), _ticket(held))
    return fields


async def _checked(action_id: UUID, agreed: bytes, call: Call, tool_id: UUID) -> Grant:
    """The grant as it stands now, for exactly what was approved."""
    grant, reason = _grant_now(call, tool_id)
    if grant is not None and bound_to(call, grant) == agreed:
        return grant
    reason = reason or "the connector, its credential or the tool has changed"
    await in_database(invalidate_action, action_id, f"{reason[:1].upper()}{reason[1:]}.", actor=SYSTEM)
    raise ToolRefusal(_CHANGED.format(reason))


def _grant_now(call: Call, tool_id: UUID) -> tuple[Grant | None, str]:
    if not may_enter(call.principal, call.profile):
        return None, "the caller no longer has this profile"
    view = view_of(call.snapshot, call.principal, call.profile)
    grant = grant_of(view, tool_id)
    return grant, "" if grant else "the caller may no longer call this tool"


async def _answer_for(
    held: Held, call: Call, grant: Grant, runtime: Runtime, run: Run, teller: Teller
) -> Fields | None:
    """The answer if there is one by now."""
    if held.state in REFUSED:
        await in_database(tell_refusal, held.action_id, actor=SYSTEM)
        raise ToolRefusal(_refusal(held))
    if held.state == State.DONE:
        return await _collected(held)
    if held.state == State.COLLECTED:
        return _told(_WAS_COLLECTED.format(held.ticket_number), held, call)
    if held.state == State.APPROVED:
        async with teller.going_on(f"Approved on ticket #{held.ticket_number}; it runs now."):
            return await _run_now(held, call, grant, runtime, run)
    return None


async def _run_now(held: Held, call: Call, grant: Grant, runtime: Runtime, run: Run) -> Fields | None:
    current = _as_of_now(call, runtime)
    agreed = bound_to(call, grant)
    try:
        async with asyncio.timeout(seconds_left(call)):
            result = await run_approved(held.action_id, agreed, current, grant.tool.id, runtime, run)
    except TimeoutError:
        return None  # it runs on; its client hears of the ticket before it gives up
    if result is None or call.stream.is_gone:
        return None  # somebody else runs it; or nobody is left to hear, and the same call repeated collects it
    try:
        return await _collected(held)
    except DatabaseError:
        return result  # it ran: what came of it is here


def _as_of_now(call: Call, runtime: Runtime) -> Call:
    """The same call with today's rights: they may have changed while it waited. Raises ToolRefusal."""
    slug = call.snapshot.facts.slug
    snapshot = runtime.snapshots.get(slug)
    if snapshot is None or not runtime.is_fresh(slug):
        raise ToolRefusal("Harriet can't check the caller's rights at the moment. Call again to go on.")
    principal = snapshot.principal_of(call.principal.token_id)
    profile = snapshot.profile_of(call.profile.id)
    if principal is None or profile is None or principal.expires_at <= runtime.now():
        raise ToolRefusal(_CHANGED.format("the caller's access has ended"))
    return replace(call, snapshot=snapshot, principal=principal, profile=profile)


def _check_access(call: Call, held: Held, runtime: Runtime) -> None:
    """Raises AccessEnded: the client is told while somebody still listens, and gets no result any more."""
    if runtime.has_access(call.snapshot.facts.slug, call.principal.token_id, call.profile.id):
        return
    has_begun = held.state not in (State.WAITING, State.APPROVED, *REFUSED)
    fate = "was approved and has begun" if has_begun else "has not run"
    raise AccessEnded(ACCESS_LOST.format(f"The call is on ticket #{held.ticket_number} and {fate}."))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0.01)):
            await event.wait()
    except TimeoutError:
        return


def _so_far(held: Held) -> str:
    if held.state == State.WAITING:
        return f"Waiting for approval on ticket #{held.ticket_number}."
    return f"Approved on ticket #{held.ticket_number}; it runs now."


def _come_back(held: Held, call: Call) -> Fields:
    running = held.state in (State.APPROVED, State.EXECUTING)
    state = "was approved and runs now" if running else "waits for approval"
    text = (
        f"This call {state}: ticket #{held.ticket_number}, {_link(held)}. Nothing more needs to be sent: repeat "
        "exactly the same call later to collect the result. "
        f"The request expires on {held.expires_at:%Y-%m-%d %H:%M} UTC."
    )
    return _told(text, held, call)


_WAS_COLLECTED = (
    "The call ran once, and its result on ticket #{} was collected by another request already. Don't repeat it to see "
    "the result: that would ask for approval to run it again."
)


def _told(text: str, held: Held, call: Call) -> Fields:
    """Where a call stands. Nothing went wrong, so it is a result and no error, where there is a shape for it: to a
    model an error is a reason to try again. Raises OnTicket for prompts and resources, whose results have none."""
    ticket = _ticket(held)
    if call.method != TOOL:
        raise OnTicket(ON_TICKET, text, ticket)
    return {
        "content": _raw([{"type": "text", "text": text}]),
        "structuredContent": _raw({"ticket": ticket}),
        "isError": msgspec.Raw(b"false"),
        "_meta": _raw({"harriet/ticket": ticket}),
    }


def _ticket(held: Held) -> dict[str, Any]:
    expires = held.expires_at.isoformat()
    return {"number": held.ticket_number, "url": _link(held), "state": held.state, "expiresAt": expires}


def _link(held: Held) -> str:
    return f"{settings.BASE_URL}{held.ticket_path}"


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _refusal(held: Held) -> str:
    words = {State.REJECTED: "was rejected", State.EXPIRED: "expired without a decision"}
    state = words.get(State(held.state), "was not run")
    reason = f": {held.reason}" if held.reason else "."
    return f"This call {state} (ticket #{held.ticket_number}){reason}"
