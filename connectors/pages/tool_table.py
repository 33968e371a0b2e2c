"""The table of what a connector offers: its filters, the chips above it, and one row."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from connectors.access.grantees import role_label
from connectors.models import Connector, Tool
from connectors.queries import tools_of
from connectors.states import ShownState, tool_state
from harriet.pages.links import Link, link_with

_OFFERED = ~Q(state=Tool.State.REMOVED)
SHOWN = {
    "": ("All", _OFFERED),
    "enabled": ("Enabled", Q(is_enabled=True, state=Tool.State.PINNED)),
    "disabled": ("Disabled", Q(is_enabled=False, state=Tool.State.PINNED)),
    "quarantined": ("In quarantine", Q(state=Tool.State.QUARANTINED)),
    "nobody": ("Enabled for nobody", Q(is_enabled=True, permissions=None) & _OFFERED),
    "removed": ("No longer offered", Q(state=Tool.State.REMOVED)),
}
KINDS = {Tool.Kind.TOOL: "Tools", Tool.Kind.PROMPT: "Prompts", Tool.Kind.RESOURCES: "Resources"}


def filtered_tools(connector: Connector, wanted: QueryDict) -> QuerySet[Tool]:
    """By the filters in the address: show, kind, risk, group, q."""
    _, which = SHOWN.get(wanted.get("show", ""), SHOWN[""])
    found = tools_of(connector).filter(which)
    if kind := wanted.get("kind"):
        found = found.filter(kind=kind)
    if risk := wanted.get("risk"):
        found = found.filter(Q(risk_override=risk) | Q(risk_override="", risk_proposed=risk))
    if group := wanted.get("group"):
        found = found.filter(pk__in=Tool.objects.filter(permissions__group__slug=group).values("pk"))
    if text := wanted.get("q", "").strip():
        found = found.filter(Q(name__icontains=text) | Q(description__icontains=text))
    return found


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter above the table, with how much it finds."""

    link: Link
    count: int


def chips(connector: Connector, wanted: QueryDict) -> list[Chip]:
    """Those with nothing in them are left out, unless chosen."""
    counts = Tool.objects.filter(connector=connector).aggregate(
        **{f"show_{key}": Count("pk", filter=which, distinct=True) for key, (_, which) in SHOWN.items()}
    )
    chosen = wanted.get("show", "")
    return [
        Chip(Link(link_with(wanted, "show", key), label, key == chosen), counts[f"show_{key}"])
        for key, (label, _) in SHOWN.items()
        if counts[f"show_{key}"] or key in {"", chosen}
    ]


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
