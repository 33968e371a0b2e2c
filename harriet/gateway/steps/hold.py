"""Step ④, for a call that waits for a person: its client is held for some seconds, and gets the ticket after that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic
from uuid import UUID

from django.db import Error as DatabaseError

from approvals.actions.hold_action import hold_action
from approvals.actions.tell_refusal import tell_refusal
from approvals.errors import ApprovalError
from approvals.held_call import Held
from approvals.lifecycle import REFUSED, State
from approvals.queries import approved_call, held_of
from audit.actor import SYSTEM
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import ACCESS_LOST, AccessEnded, ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshots import Snapshots
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.approved import CHANGED, Keep, Run, collected, run_approved
from harriet.gateway.steps.bound import as_shown, bound_to, held_call_of
from harriet.gateway.steps.edited import as_edited
from harriet.gateway.steps.patience import TELL_EVERY, Teller, seconds_left, seconds_to_hold
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.stops import Stops
from harriet.gateway.steps.task import UNDER_WAY, created_task
from harriet.gateway.steps.ticket import come_back, has_lapsed, refusal_of, so_far, was_collected
from harriet.lib.mcp.methods import COMPLETION_COMPLETE

_STAYS = "it stays there, and the time until it expires goes on."


class Waiters:
    """Wakes those who hold a client's request when something became of its action, or of who may do what."""

    def __init__(self) -> None:
        self._events: dict[UUID, set[asyncio.Event]] = {}

    def __len__(self) -> int:
        return sum(len(waiting) for waiting in self._events.values())

    @contextmanager
    def on(self, *action_ids: UUID) -> Iterator[asyncio.Event]:
        """One event for all of them."""
        event = asyncio.Event()
        for action_id in action_ids:
            self._events.setdefault(action_id, set()).add(event)
        try:
            yield event
        finally:
            for action_id in action_ids:
                self._forget(action_id, event)

    def _forget(self, action_id: UUID, event: asyncio.Event) -> None:
        waiting = self._events[action_id]
        waiting.discard(event)
        if not waiting:
            del self._events[action_id]

    def wake(self, action_id: UUID) -> None:
        for event in self._events.get(action_id, ()):
            event.set()

    def wake_all(self) -> None:
        """An organization was loaded anew: callers may have lost their access."""
        for action_id in self._events:
            self.wake(action_id)


Show = Callable[[Held, Call], AbstractAsyncContextManager[None]]
"""Shows the ticket to a person who may decide on it, while the block waits."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a process needs to hold calls."""

    snapshots: Snapshots
    keep: Keep
    answers_itself: Callable[[], AbstractContextManager[None]]
    """While the block looks what became of a call, nobody else tells its client that its access has ended."""
    stops: Stops
    on_ticket: Callable[[Call, Grant], None]
    """Told of each call that stands on a ticket."""
    waiters: Waiters = field(default_factory=Waiters)
    listeners: Waiters = field(default_factory=Waiters)
    """Those who hold no call, and hear of tasks on a stream."""

    def wake(self, action_id: UUID) -> None:
        self.waiters.wake(action_id)
        self.listeners.wake(action_id)


async def hold_call(call: Call, grant: Grant, holding: Holding, run: Run, show: Show) -> Fields:
    """Puts the call on a ticket, or finds the ticket it is on, and waits a while for the decision.

    Raises ToolRefusal when it is refused. After the wait the answer says where the ticket is. A client that goes on
    with tasks isn't held: the ticket is its task.
    """
    shown = as_shown(call)
    with holding.answers_itself():
        held = await _on_a_ticket(shown, grant)
    holding.on_ticket(shown, grant)
    for one in (call, shown):  # client and log speak of the call that waits, whichever request asks for it
        one.request_id, one.ticket = held.request_id, held.ticket
    if call.takes_tasks and held.state in UNDER_WAY:
        call.is_task = True
        return created_task(held, call)
    async with show(held, call):
        shown.stream, shown.began = call.stream, call.began  # the client may have gone on with another request
        return await _decision(held, call, shown, grant, holding, run)


async def _decision(held: Held, call: Call, shown: Call, grant: Grant, holding: Holding, run: Run) -> Fields:
    """What became of it in time, or where it stands."""
    teller = Teller(call)
    until = monotonic() + seconds_to_hold(call, _most_seconds(call))
    with holding.waiters.on(held.action_id) as event:
        while not call.stream.is_gone:
            event.clear()
            with holding.answers_itself():
                held = await _look(held.action_id)
                _check_access(call, held, holding.snapshots)
            _check_stops(call, grant, held, holding.stops)
            answer = await _answer_for(held, shown, grant, holding, run, teller)
            if answer is not None or monotonic() >= until:
                return answer or come_back(held, call)
            await teller.say(so_far(held))
            await _wait(event, min(TELL_EVERY, until - monotonic()))
    return come_back(held, call)


def check_holdable(call: Call, grant: Grant) -> None:
    """Raises ToolRefusal for what can't be approved: nobody could see what would leave, or nothing would."""
    if grant.is_own:
        raise ToolRefusal(
            "You have asked so much that your calls wait for approval now, and nobody approves a question about them. "
            "Ask again later."
        )
    if call.method == COMPLETION_COMPLETE:
        raise ToolRefusal(
            "Each use of this needs a person's approval, so what is typed meanwhile does not go to the server for "
            "suggestions. Go on without them."
        )
    if call.more:
        raise ToolRefusal(
            "This needs a person's approval each time, and what it was asked in between can't be added to an approved "
            "call. Give everything in the arguments, or ask your IT admin to let it run without approval."
        )


def _most_seconds(call: Call) -> int:
    """The profile's setting, or else the organization's."""
    own = call.profile.hold_seconds
    return call.snapshot.facts.hold_seconds if own is None else own


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


async def _answer_for(
    held: Held, call: Call, grant: Grant, holding: Holding, run: Run, teller: Teller
) -> Fields | None:
    """The answer if there is one by now."""
    if held.state in REFUSED:
        await in_database(tell_refusal, held.action_id, actor=SYSTEM)
        raise ToolRefusal(refusal_of(held))
    if held.state == State.DONE:
        return await collected(held, is_task=call.takes_tasks)
    if held.state == State.COLLECTED:
        return was_collected(held, call)
    if held.state == State.LAPSED:
        return has_lapsed(held, call)
    if held.state == State.APPROVED:
        async with teller.going_on(f"Approved on ticket #{held.ticket_number}; it runs now."):
            return await _run_now(held, call, grant, holding, run)
    return None


async def _run_now(held: Held, call: Call, grant: Grant, holding: Holding, run: Run) -> Fields | None:
    current = _as_of_now(call, holding.snapshots)
    agreed = bound_to(call, grant)
    if held.edition:
        stored = await in_database(approved_call, held.action_id)
        if stored is None:
            return None
        current, agreed = as_edited(current, stored), stored.binding
    try:
        async with asyncio.timeout(seconds_left(call)):
            result = await run_approved(
                held.action_id, agreed, current, grant.tool.id, run, holding.keep, holding.stops
            )
    except TimeoutError:
        return None  # it runs on; its client hears of the ticket before it gives up
    if result is None or call.stream.is_gone:
        return None  # somebody else runs it; or nobody is left to hear, and the same call repeated collects it
    try:
        return await collected(held)
    except DatabaseError:
        return result  # it ran: what came of it is here


def _as_of_now(call: Call, snapshots: Snapshots) -> Call:
    """The same call with today's rights: they may have changed while it waited. Raises ToolRefusal."""
    slug = call.snapshot.facts.slug
    snapshot = snapshots.get(slug)
    if snapshot is None or not snapshots.is_fresh(slug):
        raise ToolRefusal("Harriet can't check at the moment whether you may still do this. Call again to go on.")
    principal = snapshot.callers.of_token(call.principal.token_id)
    profile = snapshot.profile_of(call.profile.id)
    if principal is None or profile is None or principal.expires_at <= snapshots.now():
        raise ToolRefusal(CHANGED.format("the caller's access has ended"))
    return replace(call, snapshot=snapshot, principal=principal, profile=profile)


def _check_access(call: Call, held: Held, snapshots: Snapshots) -> None:
    """Raises AccessEnded: the client is told while somebody still listens, and gets no result any more."""
    if snapshots.has_access(call.snapshot.facts.slug, call.principal.token_id, call.profile.id):
        return
    raise AccessEnded(ACCESS_LOST.format(f"The call is on ticket #{held.ticket_number} and {_fate(held)}."))


def _check_stops(call: Call, grant: Grant, held: Held, stops: Stops) -> None:
    """Raises Stopped. What is decided or ran already is told as it is; what waits stays on its ticket."""
    if held.state in (State.WAITING, State.APPROVED):
        stops.check(call, grant, f"The call is on ticket #{held.ticket_number} and {_fate(held)}: {_STAYS}")


def _fate(held: Held) -> str:
    has_begun = held.state not in (State.WAITING, State.APPROVED, *REFUSED)
    return "was approved and has begun" if has_begun else "has not run"


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0.01)):
            await event.wait()
    except TimeoutError:
        return
