"""States of connectors and tools in words, each with the hue that goes with it."""

from __future__ import annotations

from typing import NamedTuple

from connectors.models import Connector, Tool


class State(NamedTuple):
    kind: str
    """The hue: ok, attention, danger or neutral."""
    word: str


_HEALTH = {
    Connector.Health.UP: "ok",
    Connector.Health.DOWN: "danger",
    Connector.Health.NEEDS_ADMIN: "attention",
    Connector.Health.UNKNOWN: "neutral",
}


def state_of(connector: Connector) -> State:
    if connector.state != Connector.State.ACTIVE:
        return State("neutral", connector.get_state_display())
    return State(_HEALTH[Connector.Health(connector.health)], connector.get_health_display())


def tool_state(tool: Tool) -> State:
    if tool.state == Tool.State.QUARANTINED:
        return State("attention", "In quarantine")
    if tool.state == Tool.State.REMOVED:
        return State("neutral", "No longer offered")
    return State("ok", "Enabled") if tool.is_enabled else State("neutral", "Disabled")
