"""A call that waits for a person: held open for some seconds, run once it is approved, collected once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from django.conf import settings

from approvals import hold as held_calls
from approvals.binding import Bound, binding
from approvals.errors import ApprovalError
from approvals.hold import Held, HeldCall
from approvals.lifecycle import REFUSED, State, tell

from .database import in_database
from .errors import GatewayError, ToolRefusal, UpstreamSaidError
from .forward import TOOL, Fields, error_result, progress_message, shielded
from .policy import Grant, grant_of, may_enter, view_of

if TYPE_CHECKING:
    from .call import Call
    from .runtime import Runtime

Run = Callable[["Call", Grant, "Runtime"], Awaitable[Fields]]

TELL_EVERY = 5.0
"""Seconds between two signs of life to a client that waits."""
_STEP = 0.001
"""Progress of a wait: small, so that whatever the server then says is more."""
_CHANGED = "What was approved is no longer what would be sent: {}. Call again to ask anew."
_DECODE = msgspec.json.Decoder(Fields).decode


async def hold_call(call: Call, grant: Grant, runtime: Runtime, run: Run) -> Fields:
    """Puts the call on a ticket, or finds the ticket it is on, and waits a while for the decision.

    Raises ToolRefusal when it is refused. After the wait the answer says where the ticket is.
    """
    held = await in_database(held_calls.hold, held_call_of(call, grant))
    until = monotonic() + call.snapshot.facts.hold_seconds
    told = 0
    with runtime.waiters.on(held.action_id) as event:
        while not call.stream.is_gone:
            event.clear()
            held = await _look(held.action_id)
            answer = await _answer_for(held, call, grant, runtime, run)
            if answer is not None or monotonic() >= until:
                return answer or _come_back(held, call)
            told += 1
            await _wait(event, min(TELL_EVERY, until - monotonic()))
            await _tell(call, held, told)
    return _come_back(held, call)


def check_holdable(call: Call) -> None:
    """Raises ToolRefusal for the answer to a question that an approved call asked: it would have to be approved too,
    and nobody has seen it."""
    if call.more:
        raise ToolRefusal(
            "This needs a person's approval each time, and what it was asked in between can't be added to an approved "
            "call. Give everything in the arguments, or ask your IT admin to let it run without approval."
        )


async def _look(action_id: UUID) -> Held:
    try:
        return await in_database(held_calls.look, action_id)
    except ApprovalError as problem:
        raise ToolRefusal(problem.message) from None


class Waiters:
    """Wakes those who hold a client's request when something became of its action."""

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


def bound_to(call: Call, grant: Grant) -> bytes:
    """What an approval of this call is bound to, as it stands now."""
    tool, connector = grant.tool, grant.tool.connector
    sealed = call.snapshot.credentials.get(connector.id)
    return binding(
        Bound(
            organization_id=call.snapshot.facts.id,
            profile_id=call.profile.id,
            token_id=call.principal.token_id,
            user_id=call.principal.user_id,
            connector_id=connector.id,
            connector_revision=connector.revision,
            tool_id=tool.id,
            tool_digest=tool.digest,
            credential_id=sealed.credential_id if sealed else None,
            credential_version=sealed.version if sealed else 0,
            arguments=call.arguments,
        )
    )


async def run_approved(
    action_id: UUID, agreed: bytes, call: Call, tool_id: UUID, runtime: Runtime, run: Run
) -> Fields | None:
    """Claims an approved call, runs it and keeps the answer; None when somebody else has it. It runs to its end even
    when whoever waits for it goes away. Raises ToolRefusal when it no longer is what was approved."""
    grant = await _checked(action_id, agreed, call, tool_id)
    if not await in_database(held_calls.take, action_id):
        return None
    return await shielded(asyncio.create_task(_run_and_keep(action_id, call, grant, runtime, run)))


async def _run_and_keep(action_id: UUID, call: Call, grant: Grant, runtime: Runtime, run: Run) -> Fields:
    try:
        result = await run(call, grant, runtime)
    except UpstreamSaidError as problem:
        result = error_result(ToolRefusal(f"The server refused the call: {problem.error.decode(errors='replace')}"))
    except GatewayError as problem:
        result = error_result(problem)
    await in_database(held_calls.finish, action_id, msgspec.json.encode(result))
    return result


async def _checked(action_id: UUID, agreed: bytes, call: Call, tool_id: UUID) -> Grant:
    """The grant as it stands now, for exactly what was approved."""
    grant, reason = _grant_now(call, tool_id)
    if grant is not None and bound_to(call, grant) == agreed:
        return grant
    reason = reason or "the connector, its credential or the tool has changed"
    await in_database(held_calls.invalidate, action_id, f"{reason[:1].upper()}{reason[1:]}.")
    raise ToolRefusal(_CHANGED.format(reason))


def _grant_now(call: Call, tool_id: UUID) -> tuple[Grant | None, str]:
    if not may_enter(call.principal, call.profile):
        return None, "the caller no longer has this profile"
    view = view_of(call.snapshot, call.principal, call.profile)
    grant = grant_of(view, tool_id)
    return grant, "" if grant else "the caller may no longer call this tool"


async def _answer_for(held: Held, call: Call, grant: Grant, runtime: Runtime, run: Run) -> Fields | None:
    """The answer if there is one by now."""
    if held.state in REFUSED:
        await in_database(tell, held.action_id)
        raise ToolRefusal(_refusal(held))
    if held.state == State.DONE:
        kept = await in_database(held_calls.collect, held.action_id)
        return _DECODE(kept) if kept is not None else None
    if held.state == State.COLLECTED:
        raise ToolRefusal(f"The result on ticket #{held.ticket_number} was collected by another request already.")
    if held.state == State.APPROVED:
        return await _run_now(held, call, grant, runtime, run)
    return None


async def _run_now(held: Held, call: Call, grant: Grant, runtime: Runtime, run: Run) -> Fields | None:
    current = _as_of_now(call, runtime)
    agreed = bound_to(call, grant)
    result = await run_approved(held.action_id, agreed, current, grant.tool.id, runtime, run)
    if result is None or call.stream.is_gone:
        return None  # somebody else runs it; or nobody is left to hear, and the same call repeated collects it
    kept = await in_database(held_calls.collect, held.action_id)
    return _DECODE(kept) if kept is not None else None


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


def held_call_of(call: Call, grant: Grant) -> HeldCall:
    tool = grant.tool
    return HeldCall(
        organization_id=call.snapshot.facts.id,
        binding=bound_to(call, grant),
        request_id=call.request_id,
        profile_id=call.profile.id,
        token_id=call.principal.token_id,
        user_id=call.principal.user_id,
        caller_label=call.principal.person.label,
        device_label=call.principal.device.label if call.principal.device else "",
        client_label=call.client,
        connector_id=tool.connector.id,
        connector_label=tool.connector.name,
        tool_id=tool.id,
        tool_label=tool.name,
        risk=tool.risk,
        reason=grant.gate.reason,
        arguments=call.arguments,
    )


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0.01)):
            await event.wait()
    except TimeoutError:
        return


async def _tell(call: Call, held: Held, told: int) -> None:
    token = call.meta.get("progressToken")
    if token is None:
        await call.stream.keep_alive()
        return
    params = {
        "progressToken": token,
        "progress": told * _STEP,
        "message": f"Waiting for approval on ticket #{held.ticket_number}.",
    }
    await call.stream.notify(progress_message(params))


def _come_back(held: Held, call: Call) -> Fields:
    running = held.state in (State.APPROVED, State.EXECUTING)
    state = "was approved and runs now" if running else "waits for approval"
    link = f"{settings.BASE_URL}{held.ticket_path}"
    text = (
        f"This call {state}: ticket #{held.ticket_number}, {link}. Nothing more needs to be sent: repeat exactly the "
        f"same call later to collect the result. The request expires on {held.expires_at:%Y-%m-%d %H:%M} UTC."
    )
    if call.method != TOOL:
        raise ToolRefusal(text)
    fields = error_result(ToolRefusal(text))
    ticket = {"number": held.ticket_number, "url": link, "state": held.state, "expiresAt": held.expires_at.isoformat()}
    fields["_meta"] = msgspec.Raw(msgspec.json.encode({"harriet/ticket": ticket}))
    return fields


def _refusal(held: Held) -> str:
    words = {State.REJECTED: "was rejected", State.EXPIRED: "expired without a decision"}
    state = words.get(State(held.state), "was not run")
    reason = f": {held.reason}" if held.reason else "."
    return f"This call {state} (ticket #{held.ticket_number}){reason}"
