"""Take back a held call of one's own, while nobody has decided on it."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from approvals.errors import NotYours, TooLate
from approvals.events import ActionWithdrawn
from approvals.lifecycle import State, close_ticket, move, write_event
from approvals.models import PendingAction
from audit.actor import Actor
from harriet.people.actors import person_behind

WITHDRAWN = "Whoever asked for it withdrew it; it has not run."


@transaction.atomic
def withdraw_action(action: PendingAction, *, actor: Actor) -> None:
    """Nothing leaves, and whoever could decide is no longer asked. In the pages, with a personal token of theirs, or by
    the client that asked. Raises NotYours or TooLate."""
    if not _is_asker(action, actor):
        raise NotYours("Only whoever asked for a call withdraws it.")
    if not move(action.id, State.WAITING, State.WITHDRAWN, finished_at=Now(), outcome_reason=WITHDRAWN):
        raise TooLate("It was too late to withdraw this call: it was decided on, or has expired. The ticket says how.")
    close_ticket(action.id)
    write_event(ActionWithdrawn, action, actor=actor, decision="refuse")


def _is_asker(action: PendingAction, actor: Actor) -> bool:
    """A person, with whichever of their clients; or a key that is nobody's."""
    if action.user_id is None:
        return (actor.kind, actor.id) == ("token", action.token_id)
    who = person_behind(actor)
    return who is not None and who.pk == action.user_id
