"""Set what one tool may be used for: enabled, by whom, with confirmation or not, and how risky it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.access.clashes import refuse_clashes_with
from connectors.access.grantees import access_words, checked_groups, checked_roles
from connectors.actions.note_definition import look_first, note_definition
from connectors.audit_labels import connector_label, tool_label
from connectors.errors import ConnectorError
from connectors.events import ToolSet
from connectors.models import Risk, Tool, ToolPermission
from harriet.people.models import Group
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@dataclass(slots=True)
class ToolChange:
    """None leaves a thing as it is."""

    is_enabled: bool | None = None
    requires_confirmation: bool | None = None
    risk_override: str | None = None
    """A `Risk`, or "" to go back to the proposed one."""
    groups: Iterable[Group] | None = None
    roles: Iterable[str] | None = None
    how: Literal["replace", "add", "remove"] = "replace"
    """Whether the groups and roles are all that remain, join those that are there, or leave them."""


@transaction.atomic
def set_tool(
    tool: Tool,
    *,
    is_enabled: bool | None = None,
    requires_confirmation: bool | None = None,
    risk_override: str | None = None,
    groups: Iterable[Group] | None = None,
    roles: Iterable[str] | None = None,
    actor: Actor,
) -> bool:
    """True when something changed. Raises ConnectorError for another organization's group or an unknown role."""
    demand(actor, tool.connector.organization, Power.MANAGE_CONNECTORS)
    change = ToolChange(is_enabled, requires_confirmation, risk_override, groups, roles)
    if risk_override is not None:
        look_first(tool.connector)
    locked = Tool.objects.select_for_update(of=("self",)).select_related("connector").get(pk=tool.pk)
    is_changed = change_tool(locked, change, actor=actor)
    if is_changed:
        if risk_override is not None:
            note_definition(tool.connector, by=actor, actor=actor)
        refuse_clashes_with([locked])
        move_version(tool.organization_id)
    tool.refresh_from_db(fields=["is_enabled", "requires_confirmation", "risk_override"])
    return is_changed


def change_tool(tool: Tool, change: ToolChange, *, actor: Actor) -> bool:
    """Inside a transaction, with the tool's row locked; the caller moves the version once for many tools."""
    words = [
        *_switch(tool, "is_enabled", change.is_enabled, "enabled", "disabled"),
        *_switch(
            tool, "requires_confirmation", change.requires_confirmation, "with confirmation", "without confirmation"
        ),
        *_override(tool, change.risk_override),
        *_permit(tool, change),
    ]
    if not words:
        return False
    tool.save(update_fields=["is_enabled", "requires_confirmation", "risk_override"])
    record(
        ToolSet(connector=connector_label(tool.connector), tool=tool_label(tool), changes=", ".join(words)),
        organization_id=tool.organization_id,
        actor=actor,
    )
    return True


def _switch(tool: Tool, name: str, value: bool | None, on: str, off: str) -> list[str]:
    if value is None or getattr(tool, name) == value:
        return []
    setattr(tool, name, value)
    return [on if value else off]


def _override(tool: Tool, risk: str | None) -> list[str]:
    if risk is None or risk == tool.risk_override:
        return []
    if risk not in {"", *Risk.values}:
        raise ConnectorError("This risk class doesn't exist.", field="risk_override")
    tool.risk_override = risk
    return [f"risk {Risk(risk).label}" if risk else "risk as proposed"]


def _permit(tool: Tool, change: ToolChange) -> list[str]:
    if change.groups is None and change.roles is None:
        return []
    rows = list(ToolPermission.objects.filter(tool=tool).select_related("group"))
    old_groups = {row.group for row in rows if row.group}
    old_roles = {row.role for row in rows if row.role}
    groups = old_groups if change.groups is None else set(checked_groups(tool.organization_id, change.groups))
    roles = old_roles if change.roles is None else set(checked_roles(change.roles))
    if change.how == "add":
        groups, roles = old_groups | groups, old_roles | roles
    elif change.how == "remove":
        groups, roles = old_groups - groups, old_roles - roles
    if (groups, roles) == (old_groups, old_roles):
        return []
    ToolPermission.objects.filter(tool=tool).delete()
    ToolPermission.objects.bulk_create(
        [ToolPermission(tool=tool, group=group) for group in groups]
        + [ToolPermission(tool=tool, role=role) for role in sorted(roles)]
    )
    return [f"for {access_words(sorted(group.name for group in groups), sorted(roles))}"]
