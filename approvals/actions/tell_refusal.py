"""Note that the client is being told why its call was refused; after that the same call asks anew."""

from __future__ import annotations

from uuid import UUID

from approvals.lifecycle import check_is_harriet, mark_told
from audit.actor import Actor


def tell_refusal(action_id: UUID, *, actor: Actor) -> bool:
    """True for the one who may tell it. No audit event: the refusal has its own."""
    check_is_harriet(actor)
    return mark_told(action_id)
