"""Pauses calls to a server that is down and lets one through now and then, so that it resumes by itself."""

from __future__ import annotations

from time import monotonic
from uuid import UUID

from connectors.access.facts import ConnectorRow
from connectors.actions.record_health import record_health
from connectors.models import Connector

TRY_EVERY = 2.0
"""Seconds between the calls that are let through to a server that is down, to see whether it answers again."""
TELL_EVERY = 5.0


class Pauses:
    """Knows when a paused connector may be tried again, and what was told to the database already."""

    def __init__(self) -> None:
        self._next_try: dict[UUID, float] = {}
        self._told: dict[UUID, tuple[str, float]] = {}

    def is_paused(self, connector: ConnectorRow) -> bool:
        """Down, and not yet time for the next try. Says False to one caller per interval: that call is the try."""
        if connector.health != Connector.Health.DOWN:
            return False
        now = monotonic()
        if now < self._next_try.get(connector.id, 0.0):
            return True
        self._next_try[connector.id] = now + TRY_EVERY
        return False

    def is_news(self, connector: ConnectorRow, health: str) -> bool:
        """Whether this health differs from what everyone knows, so that it must be recorded (by us, once)."""
        if connector.health == health:
            return False
        told, at = self._told.get(connector.id, ("", 0.0))
        if told == health and monotonic() - at < TELL_EVERY:
            return False
        self._told[connector.id] = (health, monotonic())
        return True


def tell_health(connector_id: UUID, health: str, reason: str) -> None:
    """Writes down, for every process and page, what a call showed about the server."""
    connector = Connector.objects.select_related("organization", "owner").filter(pk=connector_id).first()
    if connector is not None:
        record_health(connector, health, reason)
