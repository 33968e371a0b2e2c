"""The list of groups: how many people and keys each has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse

from harriet.pages.context import PageContext, show
from harriet.pages.counts import AtMost, as_at_most
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.models import Group, Membership, Organization
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.queries import groups_of, groups_with_bounded_counts
from harriet.people.roles import Power
from harriet.people.search_words import Noun, has_words

_HAS_PEOPLE = Exists(Membership.groups.through.objects.filter(group=OuterRef("pk")))
FILTERS = (
    Filter("", "All", Q()),
    Filter("used", "With people", Q(_HAS_PEOPLE)),
    Filter("empty", "Empty", ~Q(_HAS_PEOPLE)),
)
GROUPS = Table(
    key="groups",
    columns=(
        Column("name", "Group", sort="name"),
        Column("slug", "Short name", sort="slug", is_optional=True),
        Column("people", "People", is_optional=True, is_numeric=True),
        Column("keys", "Integration keys", is_optional=True, is_numeric=True),
        Column("since", "Since", sort="created_at", is_optional=True),
    ),
    order="name",
)


@dataclass(frozen=True, slots=True)
class GroupRow:
    group: Group
    people: AtMost
    keys: AtMost


@dataclass(frozen=True, slots=True)
class GroupsPage(PageContext):
    template = "people/groups.html"
    active = "groups"
    table: Listed[Group]
    rows: list[GroupRow]
    text: str
    show: str
    is_empty: bool
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def groups_page(request: OrganizationRequest) -> HttpResponse:
    text, chips, everything = (
        request.GET.get("q", "").strip(),
        Chips(FILTERS, request.GET),
        groups_of(request.organization),
    )
    found = everything.filter(has_words(Noun.GROUP, text)) if text else everything
    table = listed_for(request, GROUPS, chips.narrowed(found), chips=chips.shown(found))
    return show(
        request,
        GroupsPage(
            table=table,
            rows=_with_counts(request.organization, table.rows),
            text=text,
            show=chips.chosen.key,
            is_empty=not table.rows and not everything.exists(),
            can_manage=has_power(request.membership, Power.MANAGE_PEOPLE),
        ),
    )


def _with_counts(organization: Organization, found: list[Group]) -> list[GroupRow]:
    """Counted for the groups of this page alone."""
    counted = groups_with_bounded_counts(organization).in_bulk([one.pk for one in found])
    return [_row(counted[one.pk]) for one in found if one.pk in counted]


def _row(group: Any) -> GroupRow:
    return GroupRow(group, as_at_most(group.members_up_to), as_at_most(group.keys_up_to))
