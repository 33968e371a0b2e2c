"""Put a call on a ticket, where it waits for a person; or find the ticket that the same call is on already."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from approvals.actions.expire_actions import expire_action
from approvals.actions.lapse_results import lapse_result
from approvals.actions.tell_approvers import tell_approvers
from approvals.errors import NotYours
from approvals.held_call import Held, HeldCall
from approvals.lifecycle import REFUSED, State, mark_told, write_event
from approvals.limits import check_room
from approvals.models import COLLECT_WITHIN, PendingAction, RunStep, Ticket
from approvals.queries import as_held
from approvals.sealed_parts import sealer_of
from approvals.ticket_numbers import next_ticket, one_at_a_time
from audit.actor import SYSTEM, Actor
from audit.events import CallHeld
from harriet.people.models import Membership

EXPIRES_AFTER = timedelta(hours=24)

_OPEN = [State.WAITING, State.APPROVED, State.EXECUTING, State.DONE]


@transaction.atomic
def hold_action(call: HeldCall, *, actor: Actor) -> Held:
    """Within what one person may have waiting: raises TooMany, and NotYours for whoever left at this moment. `actor` is
    who asks.

    A refusal that the client has not heard yet is returned once; the call after that asks anew. So does one whose
    refusal or result nobody has fetched in time.
    """
    one_at_a_time(call.organization_id)
    action = _standing(call)
    is_new = action is None
    if action is None:
        _check_is_here(call)
        _make_room(call)
        check_room(call.organization_id, call.user_id, call.token_id, call.tool_id, call.tool_label)
        action = _open_ticket(call, actor)
    if action.state in REFUSED:
        mark_told(action.id)
    return as_held(action, is_new=is_new)


def _standing(call: HeldCall) -> PendingAction | None:
    same = PendingAction.objects.filter(organization_id=call.organization_id, binding=call.binding)
    too_late = Q(state=State.WAITING, expires_at__lte=Now()) | Q(state=State.DONE, expires_at__lte=_over())
    still_open = Q(state__in=_OPEN) & ~too_late
    untold = Q(state__in=REFUSED, told_at=None, expires_at__gt=_over())
    return same.select_related("ticket").filter(still_open | untold).order_by("-pk").first()


def _over() -> CombinedExpression:
    """What expired before has nothing to be collected any more."""
    return Now() - COLLECT_WITHIN


def _check_is_here(call: HeldCall) -> None:
    """The gateway may not know it yet. Whoever ends their access waits for this transaction, and ends this call too."""
    if call.user_id is None:
        return
    mine = Membership.objects.select_for_update(of=("self",), no_key=True)
    here = mine.filter(organization=call.organization_id, user=call.user_id, is_active=True, user__is_active=True)
    if here.first() is None:
        raise NotYours("Your access to this organization ended, so this call was not put on a ticket and has not run.")


def _make_room(call: HeldCall) -> None:
    """What is past its time and the schedule has not reached yet: a call that waits, or a result that waits."""
    same = PendingAction.objects.filter(organization_id=call.organization_id, binding=call.binding)
    related = same.select_related("organization", "ticket", "connector", "tool", "user")
    for action in related.filter(state=State.WAITING, expires_at__lte=Now()):
        expire_action(action, actor=SYSTEM)
    for action in related.filter(state=State.DONE, expires_at__lte=_over()):
        lapse_result(action, actor=SYSTEM)


def _open_ticket(call: HeldCall, actor: Actor) -> PendingAction:
    title = f"{call.connector_label}: {call.tool_label}"
    ticket = next_ticket(call.organization_id, title, call.user_id, call.caller_label)
    if call.run_step_id is not None:
        _wait_with(call.run_step_id)
    action = _create_action(call, ticket)
    write_event(CallHeld, action, actor=actor, decision="hold", reason=call.reason)
    tell_approvers(action)
    return action


def _wait_with(step_id: UUID) -> None:
    """The run waits with its step. Raises NotYours for a process that was given up meanwhile."""
    if not RunStep.objects.filter(pk=step_id, state=RunStep.State.RUNNING).update(state=RunStep.State.WAITING):
        raise NotYours("Somebody else goes on with this run, so the call was not put on a ticket and has not run.")


def _create_action(call: HeldCall, ticket: Ticket) -> PendingAction:
    action = PendingAction(
        organization_id=call.organization_id,
        ticket=ticket,
        connector_id=call.connector_id,
        tool_id=call.tool_id,
        profile_id=call.profile_id,
        token_id=call.token_id,
        user_id=call.user_id,
        caller_label=call.caller_label,
        device_id=call.device.id if call.device else None,
        device_label=call.device.label[:80] if call.device else "",
        client_label=call.client_label[:120],
        token_hint=call.token_hint,
        run_step_id=call.run_step_id,
        risk=call.risk,
        reason=call.reason,
        request_id=call.request_id,
        binding=call.binding,
        bound_parts=dict(call.parts),
        expires_at=Now() + EXPIRES_AFTER,
    )
    seal = sealer_of(action)
    action.sealed_arguments = seal("arguments", call.arguments)
    action.sealed_meta = seal("meta", call.meta) if call.meta else None
    action.save(force_insert=True)
    action.refresh_from_db()
    return action
