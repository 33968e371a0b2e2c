"""Take back a held call before it runs: one's own, or anybody's for those who manage connectors."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from approvals.actions.tell_caller import tell_caller
from approvals.errors import NotYours, TooLate
from approvals.events import ActionWithdrawn
from approvals.lifecycle import State, close_ticket, move, write_event
from approvals.models import PendingAction
from audit.actor import Actor
from harriet.people.actors import person_behind
from harriet.people.permissions import has_power, membership_of_actor
from harriet.people.roles import Power

WITHDRAWN = "Whoever asked for it withdrew it; it has not run."
BY_ADMIN = "{}, who manages connectors, withdrew it; it has not run."


@transaction.atomic
def withdraw_action(action: PendingAction, *, actor: Actor) -> None:
    """Nothing leaves, and whoever could decide is no longer asked. In the pages, with a personal token of theirs, or by
    the client that asked, while nobody has decided; by somebody who manages connectors in the pages alone, also when it
    was approved and nobody has begun to run it. Raises NotYours or TooLate."""
    is_own = _is_asker(action, actor)
    if not is_own and not _manages(action, actor):
        raise NotYours("Only whoever asked for a call, or somebody who manages connectors, withdraws it.")
    who = str(person_behind(actor) or actor.label)
    why = WITHDRAWN if is_own else BY_ADMIN.format(who)
    states = (State.WAITING,) if is_own else (State.WAITING, State.APPROVED)
    if not any(_moved(action, before, why) for before in states):
        raise TooLate("It was too late to withdraw this call: it was decided on, or has expired. The ticket says how.")
    close_ticket(action.id)
    write_event(ActionWithdrawn, action, actor=actor, decision="refuse")
    if not is_own:
        tell_caller(action, f"was withdrawn by {who}, and has not run.")


def _moved(action: PendingAction, before: str, why: str) -> bool:
    return move(action.id, before, State.WITHDRAWN, finished_at=Now(), outcome_reason=why)


def _manages(action: PendingAction, actor: Actor) -> bool:
    if actor.kind != "person":
        return False
    return has_power(membership_of_actor(actor, action.organization), Power.MANAGE_CONNECTORS)


def _is_asker(action: PendingAction, actor: Actor) -> bool:
    """A person, with whichever of their clients; or a key that is nobody's."""
    if action.user_id is None:
        return (actor.kind, actor.id) == ("token", action.token_id)
    who = person_behind(actor)
    return who is not None and who.pk == action.user_id
