"""Set what one tool may be used for: enabled, by whom, with confirmation or not, and how risky it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.record import record_each
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

PERMISSIONS_AT_ONCE = 5_000
"""In one statement."""


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

    @property
    def is_about_access(self) -> bool:
        return self.groups is not None or self.roles is not None


@transaction.atomic
def set_tool(
    tool: Tool,
    *,
    is_enabled: bool | None = None,
    requires_confirmation: bool | None = None,
    risk_override: str | None = None,
    groups: Iterable[Group] | None = None,
    roles: Iterable[str] | None = None,
    how: Literal["replace", "add", "remove"] = "replace",
    actor: Actor,
) -> bool:
    """True when something changed. Raises ConnectorError for another organization's group or an unknown role."""
    demand(actor, tool.connector.organization, Power.MANAGE_CONNECTORS)
    change = ToolChange(is_enabled, requires_confirmation, risk_override, groups, roles, how)
    if risk_override is not None:
        look_first(tool.connector)
    locked = Tool.objects.select_for_update(of=("self",)).select_related("connector").get(pk=tool.pk)
    is_changed = bool(change_tools([(locked, change)], actor=actor))
    if is_changed:
        if risk_override is not None:
            note_definition(tool.connector, by=actor, actor=actor)
        refuse_clashes_with([locked])
        move_version(tool.organization_id)
    tool.refresh_from_db(fields=["is_enabled", "requires_confirmation", "risk_override"])
    return is_changed


def change_tools(changes: Sequence[tuple[Tool, ToolChange]], *, actor: Actor) -> list[Tool]:
    """Those that changed; each has its event. Inside a transaction, with the tools' rows locked, all of one
    organization and read with their connectors; the caller moves the version once for all. Asks as many questions for
    a thousand tools as for one."""
    before = _permissions_of(tool for tool, change in changes if change.is_about_access)
    access = {id(change): _Access.of(tool, change) for tool, change in changes}  # many tools, few changes
    moves = [(tool, _Move.of(tool, change, access[id(change)], before[tool.pk])) for tool, change in changes]
    moves = [(tool, move) for tool, move in moves if move.words]
    if not moves:
        return []
    _save([tool for tool, move in moves if move.is_switched])
    _save_permissions(moves)
    record_each(
        [
            ToolSet(connector=connector_label(tool.connector), tool=tool_label(tool), changes=", ".join(move.words))
            for tool, move in moves
        ],
        organization_id=moves[0][0].organization_id,
        actor=actor,
    )
    return [tool for tool, _ in moves]


class _Access(NamedTuple):
    """Whom a change names, checked."""

    groups: set[Group]
    roles: set[str]

    @classmethod
    def of(cls, tool: Tool, change: ToolChange) -> _Access:
        groups = checked_groups(tool.organization_id, change.groups or ())
        return cls(set(groups), set(checked_roles(change.roles or ())))


class _Move(NamedTuple):
    """What one change does to one tool: its words, and the permissions that go and come."""

    words: list[str]
    is_switched: bool
    """The tool's own row changes."""
    going: list[ToolPermission]
    coming: list[ToolPermission]

    @classmethod
    def of(cls, tool: Tool, change: ToolChange, access: _Access, rows: list[ToolPermission]) -> _Move:
        """Changes what the tool's object says of itself; nothing is saved."""
        words = [
            *_switch(tool, "is_enabled", change.is_enabled, "enabled", "disabled"),
            *_switch(
                tool, "requires_confirmation", change.requires_confirmation, "with confirmation", "without confirmation"
            ),
            *_override(tool, change.risk_override),
        ]
        going, coming, said = _permit(tool, change, access, rows)
        return cls([*words, *said], bool(words), going, coming)


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


def _permissions_of(tools: Iterable[Tool]) -> dict[UUID, list[ToolPermission]]:
    found: defaultdict[UUID, list[ToolPermission]] = defaultdict(list)
    rows = list(ToolPermission.objects.filter(tool__pk__any_of=[tool.pk for tool in tools]))
    groups = Group.objects.in_bulk({row.group_id for row in rows if row.group_id})  # many rows, few groups
    for row in rows:
        row.group = groups[row.group_id] if row.group_id else None
        found[row.tool_id].append(row)
    return found


def _permit(
    tool: Tool, change: ToolChange, access: _Access, rows: list[ToolPermission]
) -> tuple[list[ToolPermission], list[ToolPermission], list[str]]:
    """What goes, what comes, and that in words."""
    if not change.is_about_access:
        return [], [], []
    old_groups = {row.group for row in rows if row.group}
    old_roles = {row.role for row in rows if row.role}
    if change.how == "add":
        groups, roles = old_groups | access.groups, old_roles | access.roles
    elif change.how == "remove":
        groups, roles = old_groups - access.groups, old_roles - access.roles
    else:
        groups = old_groups if change.groups is None else access.groups
        roles = old_roles if change.roles is None else access.roles
    if (groups, roles) == (old_groups, old_roles):
        return [], [], []
    going = [row for row in rows if (row.group not in groups if row.group else row.role not in roles)]
    coming = [ToolPermission(tool_id=tool.pk, group_id=group.pk) for group in groups - old_groups]
    coming += [ToolPermission(tool_id=tool.pk, role=role) for role in sorted(roles - old_roles)]
    return going, coming, [f"for {access_words(sorted(group.name for group in groups), sorted(roles))}"]


def _save(tools: Iterable[Tool]) -> None:
    """By what they are now: many tools, few ways to be."""
    alike: defaultdict[tuple[bool, bool, str], list[UUID]] = defaultdict(list)
    for tool in tools:
        alike[tool.is_enabled, tool.requires_confirmation, tool.risk_override].append(tool.pk)
    for (is_enabled, confirms, risk), ids in alike.items():
        rows = Tool.objects.filter(pk__any_of=ids)
        rows.update(is_enabled=is_enabled, requires_confirmation=confirms, risk_override=risk)


def _save_permissions(moves: Iterable[tuple[Tool, _Move]]) -> None:
    going = [row.pk for _, move in moves for row in move.going]
    coming = [row for _, move in moves for row in move.coming]
    if going:
        ToolPermission.objects.filter(pk__in=going).delete()
    ToolPermission.objects.bulk_create(coming, batch_size=PERMISSIONS_AT_ONCE)
