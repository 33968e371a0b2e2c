"""The table of what a connector offers: its filters, the chips above it, and one row."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from connectors.access.grantees import ROLE_CHOICES
from connectors.models import EVERYONE, Connector, Tool
from connectors.queries import pinned_definition, tools_of
from connectors.states import tool_state

_OFFERED = ~Q(state=Tool.State.REMOVED)
SHOWN = {
    "": ("All", _OFFERED),
    "enabled": ("Enabled", Q(is_enabled=True) & _OFFERED),
    "disabled": ("Disabled", Q(is_enabled=False) & _OFFERED),
    "quarantined": ("In quarantine", Q(state=Tool.State.QUARANTINED)),
    "nobody": ("Enabled for nobody", Q(is_enabled=True, permissions=None) & _OFFERED),
    "removed": ("No longer offered", Q(state=Tool.State.REMOVED)),
}
KINDS = {Tool.Kind.TOOL: "Tools", Tool.Kind.PROMPT: "Prompts", Tool.Kind.RESOURCES: "Resources"}


def filtered_tools(connector: Connector, wanted: QueryDict) -> QuerySet[Tool]:
    """By the filters in the address: show, kind, risk, group, q."""
    found = tools_of(connector).filter(SHOWN.get(wanted.get("show", ""), SHOWN[""])[1])
    if kind := wanted.get("kind"):
        found = found.filter(kind=kind)
    if risk := wanted.get("risk"):
        found = found.filter(Q(risk_override=risk) | Q(risk_override="", risk_proposed=risk))
    if group := wanted.get("group"):
        found = found.filter(pk__in=Tool.objects.filter(permissions__group__slug=group).values("pk"))
    if text := wanted.get("q", "").replace("\0", "").strip():
        found = found.filter(Q(name__icontains=text) | Q(description__icontains=text))
    return found


def chips(connector: Connector, wanted: QueryDict) -> list[tuple[str, str, int, bool]]:
    """Each with its address and count; those with nothing in them are left out, unless chosen."""
    counts = Tool.objects.filter(connector=connector).aggregate(
        **{f"show_{key}": Count("pk", filter=which, distinct=True) for key, (_, which) in SHOWN.items()}
    )
    chosen = wanted.get("show", "")
    return [
        (_address(wanted, show=key), label, counts[f"show_{key}"], key == chosen)
        for key, (label, _) in SHOWN.items()
        if counts[f"show_{key}"] or key in {"", chosen}
    ]


def without_page(wanted: QueryDict) -> str:
    query = wanted.copy()
    query.pop("page", None)
    return query.urlencode()


def row(tool: Tool) -> dict[str, Any]:
    return {
        "tool": tool,
        "state": tool_state(tool),
        "title": pinned_definition(tool).definition.get("title") or "",
        "groups": _groups_for(tool),
        "roles": _roles_for(tool),
        "is_for_nobody": tool.is_enabled and not tool.permissions.all(),
        "is_for_everyone": _is_for_everyone(tool),
    }


def _address(wanted: QueryDict, **chosen: str) -> str:
    query = wanted.copy()
    query.pop("page", None)
    for name, value in chosen.items():
        query[name] = value
    return f"?{query.urlencode()}"


def _groups_for(tool: Tool) -> list[str]:
    return [permission.group.name for permission in tool.permissions.all() if permission.group]


def _roles_for(tool: Tool) -> list[str]:
    labels = dict(ROLE_CHOICES)
    return [labels[permission.role] for permission in tool.permissions.all() if permission.role]


def _is_for_everyone(tool: Tool) -> bool:
    return any(permission.role == EVERYONE for permission in tool.permissions.all())
