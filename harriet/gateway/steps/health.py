"""What calls show about their servers: a server that is down gets no calls but one now and then, and everyone hears of
what changed."""

from __future__ import annotations

from datetime import datetime
from time import monotonic
from uuid import UUID

from connectors.access.facts import ConnectorRow
from connectors.actions.record_health import record_health
from connectors.errors import UpstreamDown, UpstreamRefusedCredential
from connectors.models import Connector
from harriet.gateway.errors import ToolRefusal
from harriet.gateway.processes.background import Background
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.caller_words import told_of

TRY_EVERY = 2.0
"""Seconds between the calls that are let through to a server that is down, to see whether it answers again."""
TELL_EVERY = 5.0
"""Seconds after which the same news are told again, while the database doesn't know them."""


class Pauses:
    """Knows when a paused connector may be tried again, and what was told to the database already."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._next_try: dict[UUID, float] = {}
        self._told: dict[UUID, tuple[str, float]] = {}

    def check(self, connector: ConnectorRow) -> None:
        """Raises ToolRefusal while the server is down, except for the one call that tries whether it still is."""
        if connector.health == Connector.Health.DOWN and self._is_paused(connector):
            raise ToolRefusal(down_sentence(connector, connector.health_changed_at))

    def saw(self, problem: BaseException, message: str, connector: ConnectorRow) -> None:
        """Tells everyone what went wrong with a call, when it is news about the server."""
        if isinstance(problem, UpstreamDown) and not problem.may_have_run:
            # Not reached at all. A server that says 500 to one call may answer the next one.
            self._tell(connector, Connector.Health.DOWN, message)
        elif isinstance(problem, UpstreamRefusedCredential):
            self._tell(connector, Connector.Health.NEEDS_ADMIN, message)

    def saw_answer(self, connector: ConnectorRow) -> None:
        if connector.health != Connector.Health.UP:
            self._tell(connector, Connector.Health.UP, "")

    def _is_paused(self, connector: ConnectorRow) -> bool:
        """Not yet time for the next try. Says False to one caller per interval: that call is the try."""
        now = monotonic()
        if now < self._next_try.get(connector.id, 0.0):
            return True
        self._next_try[connector.id] = now + TRY_EVERY
        return False

    def _tell(self, connector: ConnectorRow, health: str, reason: str) -> None:
        if self._is_news(connector, health):
            self._background.run(in_database(tell_health, connector.id, health, reason))

    def _is_news(self, connector: ConnectorRow, health: str) -> bool:
        """Whether this health differs from what everyone knows, so that it must be recorded (by us, once)."""
        if connector.health == health:
            return False
        told, at = self._told.get(connector.id, ("", 0.0))
        if told == health and monotonic() - at < TELL_EVERY:
            return False
        self._told[connector.id] = (health, monotonic())
        return True


def down_sentence(connector: ConnectorRow, since: datetime | None) -> str:
    """For the client of a call that isn't tried."""
    when = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    told = told_of(connector) if connector.has_told else ""
    return (
        f"{connector.name} is down{when}; calls to it pause. It resumes by itself when the server answers again, "
        f"so try again later.{f' {told}' if told else ''}"
    )


def tell_health(connector_id: UUID, health: str, reason: str) -> None:
    """Writes down, for every process and page, what a call showed about the server."""
    connector = Connector.objects.select_related("organization", "owner").filter(pk=connector_id).first()
    if connector is not None:
        record_health(connector, health, reason)
