"""Writing down what a sync found. Each runs inside the sync's transaction and tells the audit log, tool by tool, in few
statements however many tools there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from audit.actor import Actor, Label
from audit.record import record_each
from connectors.audit_labels import connector_label, tool_label
from connectors.definitions.offer import Offered, read_definition
from connectors.definitions.risk import propose_risk
from connectors.events import ToolEvent, ToolFound, ToolQuarantined, ToolRemoved, ToolRenamed, ToolRestored
from connectors.models import Connector, Tool, ToolPermission, ToolVersion

RESOURCES: Mapping[str, Any] = {
    "name": "resources",
    "description": "Everything that the server offers to read: its resources and templates, as they are at the moment.",
}


def add_resources(connector: Connector, *, actor: Actor) -> None:
    """One row stands for all resources of a server; it is pinned like a tool."""
    add_tools(connector, [read_definition(dict(RESOURCES), is_prompt=True)], {}, Tool.Kind.RESOURCES, actor=actor)


def add_tools(
    connector: Connector,
    found: Sequence[Offered],
    renamed: Mapping[str, str],
    kind: Tool.Kind = Tool.Kind.TOOL,
    *,
    actor: Actor,
) -> None:
    """New tools arrive disabled, with what the connector's access step says for the day they are enabled."""
    tools = [_new_tool(connector, offered, renamed.get(offered.name, ""), kind) for offered in found]
    Tool.objects.bulk_create(tools)
    ToolVersion.objects.bulk_create(
        ToolVersion(tool=tool, digest=offered.digest, definition=dict(offered.definition), is_pinned=True)
        for tool, offered in zip(tools, found, strict=True)
    )
    groups = list(connector.default_groups.all())
    ToolPermission.objects.bulk_create(
        [ToolPermission(tool=tool, group=group) for tool in tools for group in groups]
        + [ToolPermission(tool=tool, role=role) for tool in tools for role in connector.default_roles]
    )
    label = connector_label(connector)
    _record([_found(label, tool) for tool in tools], connector, actor)


def quarantine_tools(connector: Connector, changed: Sequence[tuple[Tool, Offered]], *, actor: Actor) -> None:
    """What the server says now becomes the proposed definition; one that was refused before stays refused."""
    tools = [tool for tool, _ in changed]
    _unpropose(tools)
    ToolVersion.objects.bulk_create(
        [
            ToolVersion(tool=tool, digest=offered.digest, definition=dict(offered.definition), is_proposed=True)
            for tool, offered in changed
        ],
        update_conflicts=True,
        unique_fields=["tool", "digest"],
        update_fields=["is_proposed"],
    )
    _move(tools, Tool.State.QUARANTINED)
    _tell(ToolQuarantined, tools, connector, actor)


def restore_tools(connector: Connector, tools: Sequence[Tool], *, actor: Actor) -> None:
    """The server offers them again as they were accepted."""
    _unpropose(tools)
    _move(tools, Tool.State.PINNED)
    _tell(ToolRestored, tools, connector, actor)


def remove_tools(connector: Connector, tools: Sequence[Tool], *, actor: Actor) -> None:
    """The server doesn't offer them any more; who was granted them keeps the grant."""
    _unpropose(tools)
    _move(tools, Tool.State.REMOVED)
    _tell(ToolRemoved, tools, connector, actor)


def description_in(definition: Mapping[str, Any]) -> str:
    """Without NUL, which PostgreSQL's text has no room for."""
    return str(definition.get("description") or "").replace("\0", "")


def _new_tool(connector: Connector, offered: Offered, renamed_from: str, kind: Tool.Kind) -> Tool:
    proposal = propose_risk(offered.definition, kind)
    return Tool(
        organization_id=connector.organization_id,
        connector=connector,
        kind=kind,
        name=offered.name,
        description=description_in(offered.definition),
        requires_confirmation=connector.default_confirmation,
        risk_proposed=proposal.risk,
        risk_reason=proposal.reason,
        renamed_from=renamed_from,
    )


def _found(connector: Label, tool: Tool) -> ToolEvent:
    about = {"connector": connector, "tool": tool_label(tool)}
    return ToolRenamed(**about, old=tool.renamed_from) if tool.renamed_from else ToolFound(**about)


def _unpropose(tools: Sequence[Tool]) -> None:
    if tools:
        ToolVersion.objects.filter(tool__in=tools, is_proposed=True).update(is_proposed=False)


def _move(tools: Sequence[Tool], state: str) -> None:
    if tools:
        Tool.objects.filter(pk__in=[tool.pk for tool in tools]).update(state=state)
    for tool in tools:
        tool.state = state


def _tell(kind: type[ToolEvent], tools: Iterable[Tool], connector: Connector, actor: Actor) -> None:
    label = connector_label(connector)
    _record([kind(connector=label, tool=tool_label(tool)) for tool in tools], connector, actor)


def _record(happened: Sequence[ToolEvent], connector: Connector, actor: Actor) -> None:
    record_each(happened, organization_id=connector.organization_id, actor=actor)
