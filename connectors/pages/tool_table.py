"""The table of what a connector offers: its columns, its filters, and one row."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Case, CharField, Exists, F, OuterRef, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import Concat
from django.http import QueryDict

from connectors.access.grantees import role_label
from connectors.models import Connector, Risk, Tool, ToolPermission, of_risk
from connectors.states import ShownState, tool_state
from harriet.pages.picker import OneField
from harriet.pages.tables.chips import Chip, Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.people.models import Group, Organization
from harriet.people.pages.fields import Groups

_OFFERED = ~Q(state=Tool.State.REMOVED)
_NOBODY = Q(is_enabled=True) & ~Q(Exists(ToolPermission.objects.filter(tool=OuterRef("pk"))))
FILTERS = (
    Filter("", "All", _OFFERED),
    Filter("enabled", "Enabled", Q(is_enabled=True, state=Tool.State.PINNED)),
    Filter("disabled", "Disabled", Q(is_enabled=False, state=Tool.State.PINNED)),
    Filter("quarantined", "In quarantine", Q(state=Tool.State.QUARANTINED)),
    Filter("nobody", "Enabled for nobody", _OFFERED & _NOBODY),
    Filter("removed", "No longer offered", Q(state=Tool.State.REMOVED)),
)
KINDS = ((Tool.Kind.TOOL, "Tools"), (Tool.Kind.PROMPT, "Prompts"), (Tool.Kind.RESOURCES, "Resources"))
_WORST_FIRST = (Risk.DANGEROUS, Risk.UNKNOWN, Risk.MODERATE, Risk.READ_ONLY)
_BY_RISK = Case(*(When(of_risk(risk), then=n) for n, risk in enumerate(_WORST_FIRST)), default=9)
_KIND = Case(*(When(kind=kind, then=Value(str(place))) for place, (kind, _) in enumerate(KINDS)), default=Value("9"))
_CALLABLE_FIRST = Case(
    When(state=Tool.State.QUARANTINED, then=0),
    When(is_enabled=True, state=Tool.State.PINNED, then=1),
    When(state=Tool.State.PINNED, then=2),
    default=3,
)
TOOLS = Table(
    key="tools",
    columns=(
        Column("name", "Name", sort=Concat(_KIND, F("name"), output_field=CharField())),
        Column("risk", "Risk", sort=_BY_RISK),
        Column("enabled", "Enabled", sort=_CALLABLE_FIRST),
        Column("groups", "Groups", is_optional=True),
        Column("roles", "Roles", is_optional=True),
        Column("confirmation", "Confirmation", sort="requires_confirmation", is_optional=True),
        Column("called", "Last called", sort="last_called_at", is_optional=True),
        Column("place", "Place in its list", sort="position", is_optional=True, is_shown_at_first=False),
        Column("since", "First seen", sort="first_seen_at", is_optional=True, is_shown_at_first=False),
    ),
    order="name",
)


def searched_tools(connector: Connector, wanted: QueryDict) -> QuerySet[Tool]:
    """By the filters in the address but the chips': kind, risk, group, q."""
    found = Tool.objects.filter(connector=connector)
    if kind := wanted.get("kind"):
        found = found.filter(kind=kind)
    if risk := wanted.get("risk"):
        found = found.filter(of_risk(risk))
    if group := wanted.get("group"):
        found = found.filter(Exists(ToolPermission.objects.filter(_names(group), tool=OuterRef("pk"))))
    if text := wanted.get("q", "").strip():
        found = found.filter(Q(name__icontains=text) | Q(description__icontains=text))
    return found


def filtered_tools(connector: Connector, wanted: QueryDict) -> QuerySet[Tool]:
    """By all filters in the address, with whom each is for."""
    permissions = ToolPermission.objects.select_related("group").order_by("group__name", "role")
    found = Chips(FILTERS, wanted).narrowed(searched_tools(connector, wanted))
    return found.prefetch_related(Prefetch("permissions", permissions))


def chips_of(connector: Connector, wanted: QueryDict) -> list[Chip]:
    """Those with nothing in them are left out, unless chosen."""
    shown = Chips(FILTERS, wanted).shown(searched_tools(connector, wanted))
    return [chip for place, chip in enumerate(shown) if not place or chip.count or chip.is_current]


def _names(group: str) -> Q:
    """A permission for a group, by the group's id or its short name."""
    return Q(group__in=Group.objects.filter(_is_group(group)))


def _is_group(text: str) -> Q:
    try:
        return Q(pk=UUID(text))
    except ValueError:
        return Q(slug=text)


class GroupsOfLinks(Groups):
    """Also by their short names, as links of people's own name them."""

    def chosen(self, values: Iterable[Any]) -> dict[str, Group]:
        given = [str(value) for value in values]
        found = self.rows().filter(functools.reduce(operator.or_, map(_is_group, given))) if given else ()
        return {self.value_of(row): row for row in found}


class FilterForm(forms.Form):
    """The group in the filters above the table; the others are plain fields of the template."""

    def __init__(self, organization: Organization, wanted: QueryDict) -> None:
        super().__init__(wanted)
        self.fields["group"] = OneField(GroupsOfLinks(organization), required=False, nothing="Any", label="Group")


@dataclass(frozen=True, slots=True)
class ToolTableRow:
    tool: Tool
    state: ShownState
    groups: list[str]
    roles: list[str]
    is_for_nobody: bool
    is_ticked: bool


def table_row(tool: Tool, *, is_ticked: bool = False) -> ToolTableRow:
    return ToolTableRow(
        is_ticked=is_ticked,
        tool=tool,
        state=tool_state(tool),
        groups=_groups_for(tool),
        roles=_roles_for(tool),
        is_for_nobody=tool.is_enabled and not tool.permissions.all(),
    )


def _groups_for(tool: Tool) -> list[str]:
    return [permission.group.name for permission in tool.permissions.all() if permission.group]


def _roles_for(tool: Tool) -> list[str]:
    return [role_label(permission.role) for permission in tool.permissions.all() if permission.role]
