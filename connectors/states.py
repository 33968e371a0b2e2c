"""States of connectors and tools in words, each with the hue that goes with it."""

from __future__ import annotations

from typing import NamedTuple

from connectors.models import Connector, Tool


class ShownState(NamedTuple):
    kind: str
    """The hue: ok, attention, danger or neutral."""
    word: str


_HEALTH = {
    Connector.Health.UP: "ok",
    Connector.Health.DOWN: "danger",
    Connector.Health.NEEDS_ADMIN: "attention",
    Connector.Health.UNKNOWN: "neutral",
}


def state_of(connector: Connector) -> ShownState:
    if connector.state != Connector.State.ACTIVE:
        return ShownState("neutral", connector.get_state_display())
    if connector.review != Connector.Standing.APPROVED:
        is_blocked = connector.review == Connector.Standing.BLOCKED
        return ShownState("danger" if is_blocked else "attention", connector.get_review_display())
    return ShownState(_HEALTH[Connector.Health(connector.health)], connector.get_health_display())


def tool_state(tool: Tool) -> ShownState:
    if tool.state == Tool.State.QUARANTINED:
        return ShownState("attention", "In quarantine")
    if tool.state == Tool.State.REMOVED:
        return ShownState("neutral", "No longer offered")
    return ShownState("ok", "Enabled") if tool.is_enabled else ShownState("neutral", "Disabled")
