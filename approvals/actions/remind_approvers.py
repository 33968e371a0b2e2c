"""Remind those who may decide of calls that expire soon, once for each call. No audit events: the calls have them."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from approvals.deciders import approvers_of
from approvals.lifecycle import State, check_is_harriet
from approvals.models import PendingAction
from approvals.waiting_calls import expiring_matter_of, key_of, same_caller, waiting_with
from approvals.webhooks.outbox import tell_webhooks
from audit.actor import Actor
from harriet.people.actions.tell_people import tell_people_again

BEFORE = timedelta(hours=2)
AT_ONCE = 200


def remind_approvers(*, actor: Actor) -> int:
    """Returns how many calls people were reminded of. Safe to run in several workers at once."""
    check_is_harriet(actor)
    soon = PendingAction.objects.filter(
        state=State.WAITING, expires_at__gt=Now(), expires_at__lte=Now() + BEFORE, reminded_at=None
    )
    related = soon.select_related("ticket", "connector", "tool", "token__agent").order_by("expires_at")
    callers: dict[str, PendingAction] = {}
    for action in related[:AT_ONCE]:
        callers.setdefault(key_of(action), action)
    return sum(_remind(action) for action in callers.values())


@transaction.atomic
def _remind(action: PendingAction) -> int:
    """Of what the same person waits for at the same connector: that is one line, however many calls of it expire."""
    soon = same_caller(action).filter(expires_at__lte=Now() + BEFORE, reminded_at=None).order_by("pk")
    due = list(soon.select_for_update(no_key=True).values_list("pk", flat=True))  # as decisions do, before the line
    if not due:
        return 0
    PendingAction.objects.filter(pk__in=due).update(reminded_at=Now())
    matter = expiring_matter_of(action, [call for call in waiting_with(action) if call.reminded_at is not None])
    tell_people_again(matter, approvers_of(action).values_list("user_id", flat=True))
    tell_webhooks(matter)
    return len(due)
