"""Let one held call run, once, with exactly the arguments that were shown."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.record_decision import approve_standing, standing
from approvals.models import PendingAction
from audit.actor import Actor


@transaction.atomic
def approve_action(action: PendingAction, *, actor: Actor, reason: str = "", edition: int | None = None) -> bool:
    """Releases the call, which Harriet then runs with the stored bytes; False when a second person has to approve it
    first. `edition` is the one that the person saw, else the row's. Raises NotYours or TooLate."""
    return approve_standing(standing(action, actor, edition=edition), reason, actor)
