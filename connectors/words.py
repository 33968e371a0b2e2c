"""States of connectors and tools in words, each with the hue that goes with it."""

from __future__ import annotations

from typing import NamedTuple

from .models import EVERYONE, Connector, Tool
from .permitted import ROLE_CHOICES


class State(NamedTuple):
    kind: str
    word: str


_HEALTH = {
    Connector.Health.UP: "ok",
    Connector.Health.DOWN: "danger",
    Connector.Health.OPERATOR: "attention",
    Connector.Health.UNKNOWN: "neutral",
}


def state_of(connector: Connector) -> State:
    if connector.state != Connector.State.ACTIVE:
        return State("neutral", connector.get_state_display())
    return State(_HEALTH[Connector.Health(connector.health)], connector.get_health_display())


def server_name(connector: Connector) -> str:
    """What the server calls itself, which nobody vouches for."""
    said = connector.server_info
    return " ".join(part for part in (said.get("title") or said.get("name"), said.get("version")) if part)


def tool_state(tool: Tool) -> State:
    if tool.state == Tool.State.QUARANTINED:
        return State("attention", "In quarantine")
    if tool.state == Tool.State.REMOVED:
        return State("neutral", "No longer offered")
    return State("ok", "Enabled") if tool.is_enabled else State("neutral", "Disabled")


def groups_for(tool: Tool) -> list[str]:
    return [permission.group.name for permission in tool.permissions.all() if permission.group]


def roles_for(tool: Tool) -> list[str]:
    labels = dict(ROLE_CHOICES)
    return [labels[permission.role] for permission in tool.permissions.all() if permission.role]


def is_for_everyone(tool: Tool) -> bool:
    return any(permission.role == EVERYONE for permission in tool.permissions.all())
