"""Set many tools of one connector at once, all or none."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from connectors.access.clashes import refuse_clashes_with
from connectors.actions.set_tool import ToolChange, change_tools
from connectors.errors import ConnectorError
from connectors.models import Connector, Tool
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def set_tools_in_bulk(connector: Connector, tool_ids: Iterable[UUID], change: ToolChange, *, actor: Actor) -> int:
    """How many changed. Raises ConnectorError when one of them isn't the connector's."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    wanted = set(tool_ids)
    rows = Tool.objects.select_for_update(of=("self",)).select_related("connector").order_by("pk")
    tools = list(rows.filter(connector=connector, pk__in=wanted))
    if len(tools) != len(wanted):
        raise ConnectorError("One of the chosen tools is not there any more. Reload the page and choose again.")
    change.groups = None if change.groups is None else list(change.groups)
    change.roles = None if change.roles is None else list(change.roles)
    changed = change_tools([(tool, change) for tool in tools], actor=actor)
    if changed:
        refuse_clashes_with(changed)
        move_version(connector.organization_id)
    return len(changed)
