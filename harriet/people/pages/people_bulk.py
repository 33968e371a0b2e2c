"""Several people into a group or out of it, the end of their access, and invitations withdrawn: as ticked in a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from harriet.lib.errors import Problem
from harriet.lib.sentences import within
from harriet.pages.picking_form import PickingForm
from harriet.pages.tables.bulk import BulkAction, Noun, ticked_ids
from harriet.pages.tables.bulk_page import BulkFormPage, BulkPage, answers, asked, nothing_ticked, preview_or_do
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.set_person_groups import change_person_groups
from harriet.people.actions.withdraw_invitation import withdraw_invitation
from harriet.people.models import Group, Invitation, Membership, Organization
from harriet.people.pages.fields import GroupField
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import invitations_of
from harriet.people.role_rules import check_may_change
from harriet.people.roles import Power

PEOPLE, INVITATIONS = Noun("person", "people"), Noun("invitation", "invitations")


class BulkPeoplePage(BulkPage):
    __slots__ = ()
    template = "tables/bulk.html"
    active = "people"
    list_name = "People"


class GroupOfPeoplePage(BulkFormPage):
    __slots__ = ()
    template = "tables/bulk_form.html"
    active = "people"
    list_name = "People"


class GroupOfPeopleForm(PickingForm):
    def __init__(self, organization: Organization, *args: Any) -> None:
        super().__init__(*args)
        self.fields["group"] = GroupField(organization, label="Group")


@require_POST
@needs(Power.MANAGE_PEOPLE)
def change_many_people(request: OrganizationRequest) -> HttpResponse:
    back, wanted = reverse("people:list"), request.POST.get("action", "")
    found = Membership.objects.filter(organization=request.organization, pk__in=ticked_ids(request.POST))
    rows = list(found.select_related("user", "organization").order_by("-is_active", "user__email"))
    if not rows or wanted not in ("add", "remove", "deactivate"):
        return nothing_ticked(request, PEOPLE, back)
    if wanted == "deactivate":
        return preview_or_do(request, BulkPeoplePage, _deactivate(request), rows, back=back)
    return _move(request, _added if wanted == "add" else _removed, rows, back)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def change_many_invitations(request: OrganizationRequest) -> HttpResponse:
    back, ids = reverse("people:list"), ticked_ids(request.POST)
    rows = list(invitations_of(request.organization).filter(pk__in=ids)) if ids else []
    return preview_or_do(request, BulkPeoplePage, _withdraw(request), rows, back=back)


def _move(
    request: OrganizationRequest,
    move: Callable[[OrganizationRequest, Group | None, set[UUID]], BulkAction[Membership]],
    rows: list[Membership],
    back: str,
) -> HttpResponse:
    form = GroupOfPeopleForm(request.organization, answers(request))
    if not form.is_valid():
        return asked(request, GroupOfPeoplePage, move(request, None, set()), rows, form, back=back)
    group = form.cleaned_data["group"]
    inside = Membership.groups.through.objects.filter(group=group, membership__in=[row.pk for row in rows])
    action = move(request, group, set(inside.values_list("membership", flat=True)))
    return preview_or_do(request, BulkPeoplePage, action, rows, back=back, kept={"group": [str(group.pk)]})


def _added(request: OrganizationRequest, group: Group | None, inside: set[UUID]) -> BulkAction[Membership]:
    return BulkAction(
        "add",
        "Add to a group",
        f"added to {group}",
        PEOPLE,
        do=lambda one: change_person_groups(one, add=_some(group), actor=request.actor),
        stays=lambda one: f"they are in {group} already" if one.pk in inside else "",
        name=_name,
        note=f"They may then use whatever {group} may use." if group else "",
    )


def _removed(request: OrganizationRequest, group: Group | None, inside: set[UUID]) -> BulkAction[Membership]:
    return BulkAction(
        "remove",
        "Remove from a group",
        f"removed from {group}",
        PEOPLE,
        do=lambda one: change_person_groups(one, remove=_some(group), actor=request.actor),
        stays=lambda one: "" if one.pk in inside else f"they are not in {group}",
        name=_name,
        note=f"What they could use through {group} alone is closed to them within a second." if group else "",
    )


def _deactivate(request: OrganizationRequest) -> BulkAction[Membership]:
    return BulkAction(
        "deactivate",
        "Deactivate",
        "deactivated",
        PEOPLE,
        do=lambda one: deactivate_person(one, actor=request.actor),
        stays=lambda one: _why_active(request, one),
        name=_name,
        note="Everything of theirs stops within a second: pages, devices, tokens, calls. They can be activated again; "
        "their tokens stay revoked.",
        needs_typing=True,
        is_danger=True,
    )


def _withdraw(request: OrganizationRequest) -> BulkAction[Invitation]:
    return BulkAction(
        "withdraw",
        "Withdraw",
        "withdrawn",
        INVITATIONS,
        do=lambda one: withdraw_invitation(one, actor=request.actor),
        name=lambda one: one.email,
        note="Their links open nothing any more.",
    )


def _why_active(request: OrganizationRequest, membership: Membership) -> str:
    if membership.user_id == request.user.pk:
        return "that is you"
    if not membership.is_active:
        return "they are deactivated already"
    try:
        check_may_change(membership, actor=request.actor)
    except Problem as problem:
        return within(problem.message)
    return ""


def _some(group: Group | None) -> list[Group]:
    return [group] if group else []


def _name(membership: Membership) -> str:
    user = membership.user
    return f"{user.name} ({user.email})" if user.name else user.email
