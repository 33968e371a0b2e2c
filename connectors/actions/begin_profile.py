"""The short way from a new connector to a client: some of its tools on, for whoever does it, in a profile of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from connectors.access.usable import is_permitted
from connectors.actions.create_profile import create_profile
from connectors.actions.set_tool import ToolChange
from connectors.actions.set_tools_in_bulk import set_tools_in_bulk
from connectors.errors import ConnectorError
from connectors.models import Connector, Profile, Tool
from harriet.people.models import Membership
from harriet.people.names import slug_from


@transaction.atomic
def begin_profile(
    connector: Connector, membership: Membership, name: str, tool_ids: Iterable[UUID], *, actor: Actor
) -> Profile:
    """Done twice, it makes one. Tools that the person may not call yet are given to their role. Raises ConnectorError
    beside the field, and what the actions raise that it is made of."""
    wanted = list(Tool.objects.filter(connector=connector, pk__in=list(tool_ids)))
    if not wanted:
        raise ConnectorError("Tick at least one tool: a profile without tools offers nothing.", field="tools")
    slug = slug_from(name, fallback="profile")
    mine = Profile.objects.filter(organization=connector.organization_id, slug=slug, people=membership)
    found = mine.filter(connectors=connector).select_related("organization").first()
    if found is not None:
        return found
    set_tools_in_bulk(connector, [tool.pk for tool in wanted], ToolChange(is_enabled=True), actor=actor)
    closed = [tool.pk for tool in wanted if not is_permitted(tool, membership)]
    if closed:
        set_tools_in_bulk(connector, closed, ToolChange(roles=[membership.role], how="add"), actor=actor)
    return create_profile(
        connector.organization, slug=slug, name=name, people=[membership], connectors=[connector], actor=actor
    )
