"""A held call, from the gate that stopped it to the client that collects its result.

The process that holds the client's request and the Celery workers race for the same row; whoever moves it has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import Now
from django.urls import reverse

from approvals.actions.expire_actions import expire_action
from approvals.errors import TooLate
from approvals.events import ActionCollected, ActionInvalidated
from approvals.lifecycle import REFUSED, State, close_ticket, move, tell, write_event
from approvals.limits import check_room
from approvals.models import PendingAction, Ticket
from approvals.tasks import announce_to_approvers
from audit.actor import SYSTEM, Actor
from audit.events import CallHeld
from harriet.lib.ids import new_id
from vault.open import opener_for

EXPIRES_AFTER = timedelta(hours=24)

_OPEN = [State.WAITING, State.APPROVED, State.EXECUTING, State.DONE]


@dataclass(frozen=True, slots=True)
class HeldCall:
    """A call as it was when the gate stopped it. `arguments` and `meta` are the exact bytes that will be sent."""

    organization_id: UUID
    binding: bytes
    request_id: UUID
    profile_id: UUID | None
    token_id: UUID | None
    user_id: UUID | None
    caller_label: str
    device_label: str
    client_label: str
    connector_id: UUID
    connector_label: str
    tool_id: UUID
    tool_label: str
    risk: str
    reason: str
    arguments: bytes
    meta: bytes = b""


@dataclass(frozen=True, slots=True)
class Held:
    """Where a held call stands. `reason` says why it was refused, once it is."""

    action_id: UUID
    ticket_number: int
    ticket_path: str
    state: str
    reason: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredCall:
    """An approved call, as whoever runs it needs it."""

    action_id: UUID
    organization_id: UUID
    binding: bytes
    request_id: UUID
    profile_id: UUID | None
    token_id: UUID | None
    user_id: UUID | None
    connector_id: UUID
    tool_id: UUID
    client_label: str
    arguments: bytes
    meta: bytes


@transaction.atomic
def hold(call: HeldCall) -> Held:
    """Put a call on a ticket, or find the ticket that the same call is on already.

    A refusal that the client has not heard yet is returned once; the call after that asks anew.
    """
    return _hold(call, is_bounded=False)


@transaction.atomic
def hold_for_client(call: HeldCall) -> Held:
    """The same, within what one person may have waiting. Raises TooMany."""
    return _hold(call, is_bounded=True)


def _hold(call: HeldCall, *, is_bounded: bool) -> Held:
    _one_at_a_time(call.organization_id)
    action = _standing(call)
    if action is None:
        _expire_late(call)
        if is_bounded:
            check_room(call.organization_id, call.user_id, call.token_id, call.tool_id, call.tool_label)
        action = _open_ticket(call)
    if action.state in REFUSED:
        tell(action.id)
    return _held(action)


def look(action_id: UUID) -> Held:
    """Where the call stands now, for the process that holds the client's request.

    Raises TooLate when its connector or its tool was deleted in the meantime.
    """
    action = PendingAction.objects.select_related("ticket").filter(pk=action_id).first()
    if action is None:
        raise TooLate("The connector or the tool was deleted, so this call will not run.")
    return _held(action)


def take(action_id: UUID) -> bool:
    """Claim an approved call for running it; True for exactly one claimant."""
    return move(action_id, State.APPROVED, State.EXECUTING, started_at=Now())


def finish(action_id: UUID, result: bytes) -> bool:
    """Keep the answer (raw JSON of the tools/call result) until the client collects it."""
    action = PendingAction.objects.get(pk=action_id)
    sealed = opener_for(action.organization_id).seal(
        action.connector_id, action.id, "result", result, owner_id=action.user_id
    )
    return move(action_id, State.EXECUTING, State.DONE, finished_at=Now(), sealed_result=sealed)


@transaction.atomic
def collect(action_id: UUID) -> bytes | None:
    """Hand out the stored answer, exactly once; None when it is not there or was collected before."""
    action = PendingAction.objects.select_related("ticket").get(pk=action_id)
    if action.sealed_result is None:
        return None
    if not move(action_id, State.DONE, State.COLLECTED, told_at=Now(), sealed_result=None):
        return None
    Ticket.objects.filter(pk=action.ticket_id).update(is_open=False)
    write_event(ActionCollected, action, actor=SYSTEM)
    opener = opener_for(action.organization_id)
    return opener.open(action.connector_id, action.id, "result", bytes(action.sealed_result), owner_id=action.user_id)


@transaction.atomic
def invalidate(action_id: UUID, reason: str) -> bool:
    """An approved call may not run any more: what the approval was bound to has changed."""
    moved = move(action_id, State.APPROVED, State.INVALID, outcome_reason=reason, finished_at=Now())
    if moved:
        close_ticket(action_id)
        action = PendingAction.objects.select_related("ticket").get(pk=action_id)
        write_event(ActionInvalidated, action, actor=SYSTEM, decision="refuse", reason=reason)
    return moved


def open_call(action_id: UUID) -> StoredCall:
    action = PendingAction.objects.get(pk=action_id)
    return StoredCall(
        action_id=action.id,
        organization_id=action.organization_id,
        binding=bytes(action.binding),
        request_id=action.request_id,
        profile_id=action.profile_id,
        token_id=action.token_id,
        user_id=action.user_id,
        connector_id=action.connector_id,
        tool_id=action.tool_id,
        client_label=action.client_label,
        arguments=arguments_of(action),
        meta=meta_of(action),
    )


def arguments_of(action: PendingAction) -> bytes:
    """The exact argument bytes of a held call."""
    opener = opener_for(action.organization_id)
    return opener.open(
        action.connector_id, action.id, "arguments", bytes(action.sealed_arguments), owner_id=action.user_id
    )


def meta_of(action: PendingAction) -> bytes:
    """The exact bytes of the `_meta` that a held call sends; empty when it sends none."""
    if action.sealed_meta is None:
        return b""
    opener = opener_for(action.organization_id)
    return opener.open(action.connector_id, action.id, "meta", bytes(action.sealed_meta), owner_id=action.user_id)


def _one_at_a_time(organization_id: UUID) -> None:
    """Ticket numbers count up without gaps, and the same call is never put on two tickets."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"tickets {organization_id}"])


def _standing(call: HeldCall) -> PendingAction | None:
    same = PendingAction.objects.filter(organization_id=call.organization_id, binding=call.binding)
    still_open = Q(state__in=_OPEN) & ~Q(state=State.WAITING, expires_at__lte=Now())
    return same.select_related("ticket").filter(still_open | Q(state__in=REFUSED, told_at=None)).order_by("-pk").first()


def _open_ticket(call: HeldCall) -> PendingAction:
    last = Ticket.objects.filter(organization_id=call.organization_id).aggregate(last=Max("number"))["last"]
    ticket = Ticket.objects.create(
        organization_id=call.organization_id,
        number=(last or 0) + 1,
        title=f"{call.connector_label}: {call.tool_label}",
        requester_id=call.user_id,
        requester_label=call.caller_label,
    )
    action = _create_action(call, ticket)
    asker = Actor("person" if call.user_id else "token", call.user_id or call.token_id, call.caller_label)
    write_event(CallHeld, action, actor=asker, decision="hold", reason=call.reason)
    announce_to_approvers(action)
    return action


def _expire_late(call: HeldCall) -> None:
    """A waiting action past its time that the schedule has not reached yet makes room for a new one."""
    late = PendingAction.objects.filter(
        organization_id=call.organization_id, binding=call.binding, state=State.WAITING, expires_at__lte=Now()
    )
    for action in late.select_related("ticket", "connector", "tool"):
        expire_action(action)


def _create_action(call: HeldCall, ticket: Ticket) -> PendingAction:
    action_id = new_id()
    seal = partial(opener_for(call.organization_id).seal, call.connector_id, action_id, owner_id=call.user_id)
    action = PendingAction.objects.create(
        id=action_id,
        organization_id=call.organization_id,
        ticket=ticket,
        connector_id=call.connector_id,
        tool_id=call.tool_id,
        profile_id=call.profile_id,
        token_id=call.token_id,
        user_id=call.user_id,
        caller_label=call.caller_label,
        device_label=call.device_label[:80],
        client_label=call.client_label[:120],
        risk=call.risk,
        reason=call.reason,
        request_id=call.request_id,
        sealed_arguments=seal("arguments", call.arguments),
        sealed_meta=seal("meta", call.meta) if call.meta else None,
        binding=call.binding,
        expires_at=Now() + EXPIRES_AFTER,
    )
    action.refresh_from_db()
    return action


def _held(action: PendingAction) -> Held:
    return Held(
        action_id=action.id,
        ticket_number=action.ticket.number,
        ticket_path=reverse("tickets:detail", args=[action.ticket.number]),
        state=action.state,
        reason=action.outcome_reason,
        expires_at=action.expires_at,
    )
