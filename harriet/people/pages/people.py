"""The list of the organization's people, and inviting somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show, show_once
from harriet.pages.forms import attempt, status_of
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.mail_invitation import mail_invitation
from harriet.people.actions.make_once import Made
from harriet.people.actions.withdraw_invitation import withdraw_invitation
from harriet.people.errors import NotFound
from harriet.people.models import Group, Invitation, MadeOnce, Membership, Organization
from harriet.people.pages.forms import BY_HAND, BY_MAIL, InviteForm
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.once import made_once, secret_of, shown_once
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.queries import invitation_of, invitations_of, people_of
from harriet.people.roles import ROLE_CHOICES, Power
from harriet.people.search_words import Noun, has_words

PEOPLE = Table(
    key="people",
    columns=(
        Column("person", "Person", sort="user__email"),
        Column("role", "Role", sort="role", is_optional=True),
        Column("groups", "Groups", is_optional=True),
        Column("state", "State", sort="is_active", is_optional=True),
        Column("devices", "Devices", is_optional=True, is_numeric=True),
        Column("seen", "Last seen", is_optional=True),
        Column("since", "Member since", sort="created_at", is_optional=True, is_shown_at_first=False),
    ),
    order="person",
)
STATES = (
    Filter("", "All", Q()),
    Filter("active", "Active", Q(is_active=True)),
    Filter("inactive", "Deactivated", Q(is_active=False)),
)
INVITATIONS = Table(
    key="invitations",
    columns=(
        Column("address", "Address", sort="email"),
        Column("role", "Role", sort="role", is_optional=True),
        Column("groups", "Groups", is_optional=True),
        Column("by", "Invited by", sort="invited_by__email", is_optional=True),
        Column("made", "Invited", sort="created_at", is_optional=True, is_shown_at_first=False),
        Column("expires", "Expires", sort="expires_at"),
        Column("actions", "Actions", is_label_read=True),
    ),
    order="address",
    prefix="invited_",
    size=10,
)

MOST_GROUPS = 1_000
"""That a part of a name finds."""


@dataclass(frozen=True, slots=True)
class PeoplePage(PageContext):
    template = "people/list.html"
    active = "people"
    table: Listed[Membership]
    people: list[Membership]
    invitations: Listed[Invitation]
    roles: Sequence[tuple[str, str]]
    filters: QueryDict
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def people_page(request: OrganizationRequest) -> HttpResponse:
    can_manage, states = has_power(request.membership, Power.MANAGE_PEOPLE), Chips(STATES, request.GET, "state")
    here = _filtered(request.organization, request.GET)
    table = listed_for(request, PEOPLE, states.narrowed(here), chips=states.shown(here), can_tick=can_manage)
    return show(
        request,
        PeoplePage(
            table=table,
            people=_with_details(request.organization, table.rows),
            invitations=listed_for(request, INVITATIONS, invitations_of(request.organization), can_tick=can_manage),
            roles=ROLE_CHOICES,
            filters=request.GET,
            can_manage=can_manage,
        ),
    )


def _filtered(organization: Organization, wanted: QueryDict) -> QuerySet[Membership]:
    found = Membership.objects.filter(organization=organization)
    if text := wanted.get("q", "").strip():
        found = found.filter(has_words(Noun.PERSON, text))
    if role := wanted.get("role"):
        found = found.filter(role=role)
    if group := wanted.get("group", "").strip():
        named = Group.objects.filter(Q(slug=group) | Q(name__icontains=group), organization=organization)
        # By their ids: the database plans by how many people each has.
        ids = list(named.values_list("pk", flat=True)[:MOST_GROUPS])
        found = found.filter(Exists(Membership.groups.through.objects.filter(membership=OuterRef("pk"), group__in=ids)))
    return found


def _with_details(organization: Organization, found: list[Membership]) -> list[Membership]:
    """With groups, devices and tokens, read for the people of this page alone."""
    detailed = {one.pk: one for one in people_of(organization).filter(pk__in=[one.pk for one in found])}
    return [detailed[one.pk] for one in found if one.pk in detailed]


@dataclass(frozen=True, slots=True)
class InvitePage(PageContext):
    template = "people/invite.html"
    active = "people"
    form: InviteForm


@dataclass(frozen=True, slots=True)
class InvitedPage(PageContext):
    template = "people/invited.html"
    active = "people"
    invitation: Invitation
    link: Secret | None
    """None when it was shown before, or went by mail and to nobody else."""
    has_mail: bool


@needs(Power.MANAGE_PEOPLE)
def invite_page(request: OrganizationRequest) -> HttpResponse:
    """Sent twice, the form invites once; a link to hand over is shown on the page after it, once."""
    form = InviteForm(request.organization, request.POST or None)
    made = attempt(form, lambda given: _invited(request, **given))
    if made is None:
        return show(request, InvitePage(form=form), status=status_of(form))
    return redirect("people:invited", made.pk)


@require_safe
@needs(Power.MANAGE_PEOPLE)
def invited_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """What became of the form: loaded again, it shows no link any more."""
    row = shown_once(request, pk)
    invitation = Invitation.objects.filter(organization=request.organization, pk=row.subject).first()
    if invitation is None:
        raise NotFound("There is no such invitation here.")
    page = InvitedPage(invitation=invitation, link=secret_of(request, row), has_mail=bool(settings.EMAIL_URL))
    return show_once(request, page)


def _invited(request: OrganizationRequest, *, way: str = BY_HAND, **given: Any) -> MadeOnce:
    def by_mail() -> Made:
        return Made(mail_invitation(request.organization, **given, actor=request.actor).pk, None)

    def by_hand() -> Made:
        invitation, link = invite_person(request.organization, **given, actor=request.actor)
        return Made(invitation.pk, link)

    is_mailed = way == BY_MAIL
    return made_once(request, by_mail if is_mailed else by_hand, is_outside=is_mailed)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def withdraw_this_invitation(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    invitation = invitation_of(request.organization, pk)
    withdraw_invitation(invitation, actor=request.actor)
    messages.success(request, f"The invitation of {invitation.email} was withdrawn; its link opens nothing any more.")
    return redirect("people:list")
