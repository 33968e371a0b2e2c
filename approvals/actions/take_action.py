"""Claim an approved call for running it."""

from __future__ import annotations

from uuid import UUID

from django.db.models.functions import Now

from approvals.lifecycle import State, check_is_harriet, move
from approvals.queries import is_good
from audit.actor import Actor


def take_action(action_id: UUID, *, actor: Actor) -> bool:
    """True for exactly one of those who race for it, while the approval is good. No audit event: the call that follows
    writes its own."""
    check_is_harriet(actor)
    return is_good(action_id) and move(action_id, State.APPROVED, State.EXECUTING, started_at=Now())
