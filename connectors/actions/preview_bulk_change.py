"""Preview a change of many tools at once: each is written down as it stands, so that nothing else can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from connectors.access.grantees import checked_groups, checked_roles
from connectors.bulk.lots import sort_tools
from connectors.bulk.standing import standings_of
from connectors.bulk.wish import Wish
from connectors.errors import ConnectorError
from connectors.models import BulkChange, Connector, Tool
from harriet.people.models import Group
from harriet.people.permissions import demand
from harriet.people.roles import Power

PREVIEW_HOLDS = timedelta(days=1)
UNDO_HOLDS = timedelta(days=30)


@transaction.atomic
def preview_bulk_change(
    connector: Connector,
    tool_ids: Iterable[UUID],
    wish: Wish,
    *,
    filters: str = "",
    is_of_all: bool = False,
    actor: Actor,
) -> BulkChange:
    """Changes no tool. Raises ConnectorError when one of them isn't the connector's, or a group isn't there."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    wanted = set(tool_ids)
    if not wanted:
        raise ConnectorError("Tick at least one tool first.")
    tools = list(Tool.objects.filter(connector=connector, pk__in=wanted).order_by("kind", "name"))
    if len(tools) != len(wanted):
        raise ConnectorError("One of the chosen tools is not there any more. Reload the page and choose again.")
    groups_of_wish(connector, wish)
    checked_roles(wish.roles)
    lots = sort_tools(tools, standings_of(tools), wish)
    return BulkChange.objects.create(
        organization_id=connector.organization_id,
        connector=connector,
        made_by_id=actor.id if actor.kind == "person" else None,
        wish=wish.to_json(),
        filters=filters[:1000],
        is_of_all=is_of_all,
        seen={str(key): one.to_json() for key, one in lots.seen.items()},
    )


def groups_of_wish(connector: Connector, wish: Wish) -> list[Group]:
    """Raises ConnectorError when one of them is gone, or was never here."""
    found = Group.objects.filter(organization_id=connector.organization_id, pk__in=wish.groups or {})
    groups = checked_groups(connector.organization_id, found)
    if len(groups) != len(wish.groups or {}):
        raise ConnectorError("One of the chosen groups is not there any more. Choose again.", field="groups")
    return groups
