"""Refuse a tool's changed definition: the tool stays in quarantine until the server takes the change back."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from connectors.audit_labels import connector_label, tool_label
from connectors.errors import ConnectorError
from connectors.events import ToolChangeRefused
from connectors.models import Tool, ToolVersion
from harriet.people.permissions import demand
from harriet.people.roles import Power


@transaction.atomic
def refuse_tool_change(tool: Tool, *, digest: bytes, actor: Actor) -> ToolVersion:
    """`digest` names the definition that the admin read. Raises ConnectorError when another one waits by now."""
    demand(actor, tool.connector.organization, Power.MANAGE_CONNECTORS)
    version = proposed_version(tool, digest)
    ToolVersion.objects.filter(pk=version.pk).update(
        refused_at=Now(), refused_by=actor.id if actor.kind == "person" else None
    )
    record(
        ToolChangeRefused(
            connector=connector_label(tool.connector), tool=tool_label(tool), refused=bytes(version.digest).hex()
        ),
        organization_id=tool.organization_id,
        actor=actor,
    )
    version.refresh_from_db()
    return version


def proposed_version(tool: Tool, digest: bytes) -> ToolVersion:
    """The definition that waits, with its tool locked. Raises ConnectorError when it isn't the one that was read."""
    Tool.objects.select_for_update().get(pk=tool.pk)
    version = ToolVersion.objects.filter(tool=tool, is_proposed=True).first()
    if version is None:
        raise ConnectorError(f"No change of {tool.name} waits for a decision any more.")
    if bytes(version.digest) != digest:
        raise ConnectorError(f"{tool.name} changed again since you opened the page. Read the new difference first.")
    return version
