"""Delete the results that nobody collected in time, and those of tasks that are not kept any longer."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.tell_caller import client_was_told
from approvals.events import ActionLapsed
from approvals.lifecycle import State, check_is_harriet, close_ticket, move, write_event
from approvals.models import COLLECT_WITHIN, PendingAction
from audit.actor import Actor

AT_ONCE = 500
"""Results in one run: the schedule comes again soon."""


def lapse_results(*, actor: Actor) -> int:
    """Returns how many sealed results are gone, those first whose time was over first. Safe to run in several workers
    at once."""
    check_is_harriet(actor)
    over = PendingAction.objects.filter(sealed_result__isnull=False, expires_at__lte=Now() - COLLECT_WITHIN)
    related = over.select_related("organization", "ticket", "connector", "tool", "user").defer("sealed_result")
    return sum(lapse_result(action, actor=actor) for action in related.order_by("expires_at")[:AT_ONCE])


@transaction.atomic
def lapse_result(action: PendingAction, *, actor: Actor) -> bool:
    """False when it was collected in the meantime. A result that was read once is deleted without a word."""
    if action.state == State.COLLECTED:
        kept = PendingAction.objects.filter(pk=action.pk, sealed_result__isnull=False)
        return bool(kept.update(sealed_result=None))
    if not move(action.id, State.DONE, State.LAPSED, sealed_result=None):
        return False
    close_ticket(action.id)
    client_was_told(action)
    write_event(ActionLapsed, action, actor=actor)
    return True
