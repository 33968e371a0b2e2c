"""What approving, rejecting and changing share: who may decide, on what is still there, and the row that says so."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models.functions import Now

from approvals.deciders import NO_APPROVER, approvals_needed, refusal
from approvals.errors import NotYours, TooLate
from approvals.events import ActionApproved, ActionApprovedFirst
from approvals.lifecycle import State, announce, move, write_event
from approvals.models import Decision, PendingAction
from approvals.runs.waking import runs_held_for
from approvals.sides import approved_by
from approvals.task_queue import run_soon
from audit.actor import Actor
from harriet.people.models import Membership, User

LATE = "This call was decided on, expired or changed in the meantime. Reload the ticket to see how."
CHANGED = "What this call sends was changed in the meantime. Reload the ticket, and decide on what it sends now."


class Standing(NamedTuple):
    """The call, held until the transaction ends, and who decides on it."""

    action: PendingAction
    person: User


def decider(action: PendingAction, actor: Actor, *, rejects: bool = False) -> User:
    """A person in the pages; no token decides, whoever holds it. Raises NotYours."""
    here = Membership.objects.filter(organization=action.organization_id, is_active=True).select_related("user")
    membership = here.filter(user=actor.id).first() if actor.kind == "person" else None
    if membership is None:
        raise NotYours(NO_APPROVER)
    if why_not := refusal(action, membership, rejects=rejects):
        raise NotYours(why_not)
    return membership.user


def standing(action: PendingAction, actor: Actor, *, edition: int | None = None, rejects: bool = False) -> Standing:
    """As it is now, and until the transaction ends: decisions on one call come one after the other. `edition` is the
    one that the person saw. Raises NotYours or TooLate."""
    related = ("ticket", "connector", "tool", "user", "token__agent")
    row = PendingAction.objects.filter(pk=action.pk)
    runs_held_for(row)
    now = row.select_for_update(of=("self",), no_key=True).select_related(*related).first()
    if now is None:
        raise TooLate(LATE)
    person = decider(now, actor, rejects=rejects)
    in_time = PendingAction.objects.filter(pk=now.pk, state=State.WAITING, expires_at__gt=Now()).exists()
    if not in_time:
        raise TooLate(LATE)
    if not rejects and now.edition != (action.edition if edition is None else edition):
        raise TooLate(CHANGED)
    return Standing(now, person)


def write_decision(action: PendingAction, person: User, verdict: str, reason: str) -> Decision:
    """On the arguments as they are now. The same once more is the same: two were needed when it was first said, and one
    is enough now."""
    said = {"approver_label": str(person), "reason": reason}
    decision, _ = Decision.objects.get_or_create(
        action=action, edition=action.edition, approver=person, verdict=verdict, defaults=said
    )
    return decision


def approve_standing(stands: Standing, reason: str, actor: Actor) -> bool:
    """True when it runs now; False when a second person has to approve it first. Raises TooLate."""
    write_decision(stands.action, stands.person, Decision.Choice.APPROVE, reason)
    released = _is_released(stands.action)
    if released:
        write_event(ActionApproved, stands.action, actor=actor, decision="run", reason=reason)
    else:
        write_event(ActionApprovedFirst, stands.action, actor=actor, decision="hold", reason=reason)
    return released


def _is_released(action: PendingAction) -> bool:
    """So many people have approved it as it is that it runs now; otherwise those who wait and look are told that one
    has. Raises TooLate."""
    if len(approved_by(action)) < approvals_needed(action):
        announce(action.pk)
        return False
    if not move(action.pk, State.WAITING, State.APPROVED, decided_at=Now()):
        raise TooLate(LATE)
    run_soon(action.pk)
    return True
