"""Release an emergency stop: all at once, or in stages, each of which is recorded."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import tell_end_of_matter
from harriet.people.actions.stop_calls import matter_of
from harriet.people.actions.tell_people import tell_people_again
from harriet.people.errors import PeopleError
from harriet.people.events import StopEased, StopReleased
from harriet.people.models import Group, Stop
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Role
from harriet.people.standing_stops import announce
from harriet.people.stop_powers import check_not_own, clean_reason, demand_switch, subject_of


@transaction.atomic
def release_stop(stop: Stop, *, reason: str, has_stepped_up: bool = False, actor: Actor) -> bool:
    """All of it may run again; what was ended does not go on by itself. False when somebody released it before. Raises
    NotAllowed or PeopleError."""
    why = _check(stop, reason, has_stepped_up, actor)
    standing = Stop.objects.filter(pk=stop.pk, released_at=None)
    if not standing.update(released_at=Now(), released_by_label=actor.label[:254], release_reason=why):
        return False
    announce(stop.organization_id)
    record(StopReleased(what=subject_of(stop).words, reason=why), organization_id=stop.organization_id, actor=actor)
    tell_end_of_matter(matter_of(stop, f"{actor.label} released it."))
    return True


@transaction.atomic
def ease_stop(
    stop: Stop,
    *,
    stage: str,
    let_through: Group | None = None,
    reason: str,
    has_stepped_up: bool = False,
    actor: Actor,
) -> bool:
    """A stage of the release, or back to an earlier one: the classes that run again for everybody, and a group for
    which everything does. False when the stop was released meanwhile. Raises NotAllowed or PeopleError."""
    why = _check(stop, reason, has_stepped_up, actor)
    if stop.kind == Stop.Kind.RISK and stage != Stop.Stage.ALL:
        raise PeopleError("A risk class is released for a group first, or whole: it has no stages.", field="stage")
    if let_through is not None and let_through.organization_id != stop.organization_id:
        raise PeopleError("There is no such group.", field="let_through")
    standing = Stop.objects.filter(pk=stop.pk, released_at=None)
    changes = {"stage": stage, "let_through": let_through, "eased_at": Now(), "eased_by_label": actor.label[:254]}
    if not standing.update(**changes):
        return False
    announce(stop.organization_id)
    words = stage_words(stage, let_through)
    event = StopEased(what=subject_of(stop).words, stage=words, reason=why)
    record(event, organization_id=stop.organization_id, actor=actor)
    matter = matter_of(stop, f"{actor.label} released a part: {words}.")
    tell_people_again(matter, with_roles(stop.organization_id, (Role.OWNER, Role.MCP_ADMIN)))
    return True


def stage_words(stage: str, let_through: Group | None) -> str:
    """What runs again, as a part of a sentence."""
    words = Stop.Stage(stage).label
    for_all = words[0].lower() + words[1:]
    if let_through is None:
        return for_all
    group = f"everything runs for the group {let_through.name}"
    return group if stage == Stop.Stage.ALL else f"{for_all}, and {group}"


def _check(stop: Stop, reason: str, has_stepped_up: bool, actor: Actor) -> str:
    subject = subject_of(stop)
    demand_switch(stop.organization, subject, has_stepped_up=has_stepped_up, actor=actor)
    check_not_own(subject, actor=actor)
    return clean_reason(reason)
