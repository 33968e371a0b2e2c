"""Set many tools of one connector at once, all or none: all alike, or each in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from connectors.access.clashes import refuse_clashes_with
from connectors.actions.note_definition import look_first, note_definition
from connectors.actions.set_tool import ToolChange, change_tools
from connectors.errors import ConnectorError
from connectors.models import Connector, Tool
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def set_tools_in_bulk(connector: Connector, tool_ids: Iterable[UUID], change: ToolChange, *, actor: Actor) -> int:
    """How many changed. Raises ConnectorError when one of them isn't the connector's."""
    change.groups = None if change.groups is None else list(change.groups)
    change.roles = None if change.roles is None else list(change.roles)
    return len(set_each_tool(connector, dict.fromkeys(tool_ids, change), actor=actor))


@transaction.atomic
def set_each_tool(connector: Connector, changes: Mapping[UUID, ToolChange], *, actor: Actor) -> set[UUID]:
    """Which changed. Raises ConnectorError when one of them isn't the connector's."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    sets_risk = any(change.risk_override is not None for change in changes.values())
    if sets_risk:
        look_first(connector)
    rows = Tool.objects.select_for_update(of=("self",)).select_related("connector").order_by("pk")
    tools = list(rows.filter(connector=connector, pk__any_of=list(changes)))
    if len(tools) != len(changes):
        raise ConnectorError("One of the chosen tools is not there any more. Reload the page and choose again.")
    changed = change_tools([(tool, changes[tool.pk]) for tool in tools], actor=actor)
    if changed and sets_risk:
        note_definition(connector, by=actor, actor=actor)
    if changed:
        refuse_clashes_with(changed)
        move_version(connector.organization_id)
    return {tool.pk for tool in changed}
