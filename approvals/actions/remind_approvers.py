"""Remind those who may decide of calls that expire soon, once for each call. No audit events: the calls have them."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from approvals.deciders import approvers_of
from approvals.lifecycle import State, check_is_harriet
from approvals.models import PendingAction
from approvals.waiting_calls import expiring_matter_of, waiting_with
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
    related = soon.select_related("ticket", "connector", "tool", "token__agent")
    return sum(_remind(action) for action in related.order_by("expires_at")[:AT_ONCE])


@transaction.atomic
def _remind(action: PendingAction) -> int:
    """What the same person waits for at the same connector is one line, however many calls of it expire."""
    waiting = waiting_with(action)
    due = [call.pk for call in waiting if call.reminded_at is None]
    mine = PendingAction.objects.filter(pk__in=due, state=State.WAITING, reminded_at=None)
    reminded = mine.filter(expires_at__lte=Now() + BEFORE).update(reminded_at=Now())
    if not reminded:
        return 0
    soon = [call for call in waiting_with(action) if call.reminded_at is not None]
    matter = expiring_matter_of(action, soon)
    tell_people_again(matter, approvers_of(action).values_list("user_id", flat=True))
    tell_webhooks(matter)
    return reminded
