"""Say yes to a request for access: by a group, or because it was given otherwise."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.answer_access import answer_once, check_may_answer, tell_asker
from approvals.actions.request_access import SOMETHING
from approvals.errors import ApprovalError
from approvals.events import AccessGiven
from approvals.models import AccessRequest
from audit.actor import Actor
from audit.record import record
from connectors.access.usable import usable_tools
from harriet.people.actions.set_person_groups import change_person_groups
from harriet.people.actors import person_label
from harriet.people.models import Group, Membership


@transaction.atomic
def give_access(request: AccessRequest, group: Group | None, answer: str = "", *, actor: Actor) -> int:
    """How much of the connector the person may use now. With a group, they come into it, which needs the power to
    manage people. Raises ApprovalError when nothing would have come of it, NotYours, TooLate or NotAllowed."""
    who = check_may_answer(request, actor)
    membership = _membership(request)
    if group is not None:
        change_person_groups(membership, add=[group], actor=actor)
    count = _usable(request, membership)
    if request.connector is not None and not count:
        raise ApprovalError(_nothing_yet(request, group), field="group")
    text = " ".join(answer.split())
    answer_once(request, AccessRequest.State.GIVEN, text, who)
    tell_asker(request, _told(request, who.email, count, text))
    record(
        AccessGiven(
            person=person_label(request.person),
            ticket=request.ticket.as_label(),
            what=request.connector_label or SOMETHING,
            group=group.slug if group else "",
            reason=text,
        ),
        organization_id=request.organization_id,
        actor=actor,
    )
    return count


def _membership(request: AccessRequest) -> Membership:
    found = Membership.objects.filter(organization=request.organization_id, user=request.person_id, is_active=True)
    membership = found.select_related("organization", "user").first()
    if membership is None:
        raise ApprovalError(f"{request.person} is not among the active people any more. Decline the request.")
    return membership


def _usable(request: AccessRequest, membership: Membership) -> int:
    return usable_tools(membership).filter(connector=request.connector).count() if request.connector else 0


def _nothing_yet(request: AccessRequest, group: Group | None) -> str:
    if group is not None:
        return (
            f"In {group.name}, {request.person} still could use nothing of {request.connector}, so nothing was "
            "changed: no profile of theirs offers it. Put it into a profile of the group first."
        )
    return (
        f"{request.person} can use nothing of {request.connector} yet. Choose a group, or give access on the "
        "connector's own page first."
    )


def _told(request: AccessRequest, by: str, count: int, text: str) -> str:
    what = request.connector_label or "what you asked for"
    tools = f": you may use {count} of its tools now" if count else ""
    return f"{by} gave you access to {what}{tools}.{f' {text}' if text else ''}"
