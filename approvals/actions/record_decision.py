"""What approving and rejecting share: who may decide, and the one row that says so."""

from __future__ import annotations

from uuid import UUID

from django.db.models.functions import Now

from approvals.deciders import NO_APPROVER, refusal
from approvals.errors import NotYours, TooLate
from approvals.lifecycle import State, move
from approvals.models import Decision, PendingAction
from audit.actor import Actor
from harriet.people.models import Membership, User


def record_decision(action: PendingAction, verdict: str, after: str, reason: str, *, actor: Actor) -> None:
    """Move the waiting action and write the decision; raises NotYours or TooLate and changes nothing then."""
    approver = _approver(action, actor)
    if not _move_waiting(action.id, after, reason if verdict == Decision.Choice.REJECT else ""):
        raise TooLate("This call was decided on, expired or changed in the meantime. Reload the ticket to see how.")
    Decision.objects.create(
        action=action, approver=approver, approver_label=str(approver), verdict=verdict, reason=reason
    )


def _move_waiting(action_id: UUID, after: str, outcome_reason: str) -> bool:
    """Compare-and-set away from waiting, while the time is not over (by the database's clock)."""
    in_time = PendingAction.objects.filter(pk=action_id, expires_at__gt=Now()).exists()
    return in_time and move(action_id, State.WAITING, after, decided_at=Now(), outcome_reason=outcome_reason)


def _approver(action: PendingAction, actor: Actor) -> User:
    """A person in the pages; no token decides, whoever holds it."""
    here = Membership.objects.filter(organization=action.organization_id, is_active=True).select_related("user")
    membership = here.filter(user=actor.id).first() if actor.kind == "person" else None
    if membership is None:
        raise NotYours(NO_APPROVER)
    if why_not := refusal(action, membership):
        raise NotYours(why_not)
    return membership.user
