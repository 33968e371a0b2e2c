"""Hears what changed in the database: NOTIFY at once, and a look at the version numbers and emergency stops twice a
second in case a notification was lost. One connection per process, always reconnecting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID

from psycopg import AsyncConnection, Error, Notify

from harriet.gateway.processes.background import LastingTask
from harriet.gateway.processes.database import conninfo, renew_connections
from harriet.people.standing_stops import NOTIFIED as STOP_CHANNEL
from harriet.people.standing_stops import ROW
from harriet.people.stop_rules import StandingStop

log = logging.getLogger(__name__)

VERSION_CHANNEL = "harriet_version"
"""An organization has moved on; the payload is its id."""
ACTION_CHANNEL = "harriet_action"
"""Something became of a held call; the payload is its action's id."""
CANCEL_CHANNEL = "harriet_cancel"
"""A client takes a call back; the payload is `running.name_of` it."""
SESSION_CHANNEL = "harriet_session"
"""A client's session has learned something; the payload is its id."""
CHANNELS = (VERSION_CHANNEL, ACTION_CHANNEL, CANCEL_CHANNEL, SESSION_CHANNEL, STOP_CHANNEL)
LOOK_EVERY = 0.5
"""Seconds."""
PATIENCE = 2.0
"""Seconds. A look that takes longer counts as an unreachable database."""

_LOOK = """
SELECT now(), organization.id, coalesce(number, 0) FROM (SELECT 1) AS one
LEFT JOIN people_organization AS organization ON organization.id = ANY(%s)
LEFT JOIN people_organizationversion ON organization_id = organization.id
"""
_STOPS = f"SELECT {', '.join(ROW)} FROM people_stop WHERE released_at IS NULL ORDER BY began_at, id"  # noqa: S608 (no input)
"""All that stand, of which there are seldom any, and never many."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the database said: its time, the version numbers of the organizations that it was asked for, and the
    emergency stops that stand."""

    began: float
    """On our monotonic clock, before the question was asked."""
    now: datetime
    wanted: set[UUID]
    numbers: dict[UUID, int]
    stops: list[StandingStop]


class DatabaseListener:
    """One connection of the process, always reconnecting."""

    def __init__(
        self,
        on_look: Callable[[Look], None],
        on_notify: Callable[[Notify], None],
        on_connect: Callable[[], None],
        wanted: Callable[[], list[UUID]],
    ) -> None:
        """`on_connect` is told that we listen from now on; what was said before is lost. `wanted` tells the
        organizations to look at."""
        self._on_look = on_look
        self._on_notify = on_notify
        self._on_connect = on_connect
        self._wanted = wanted
        self._task = LastingTask()

    def start(self) -> None:
        self._task.start(self._run())

    async def stop(self) -> None:
        await self._task.stop()

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (Error, OSError, TimeoutError) as problem:
                log.warning("The gateway lost its database connection (%s); connecting again.", type(problem).__name__)
            await asyncio.sleep(0.2)

    async def _listen(self) -> None:
        async with asyncio.timeout(PATIENCE):
            connection = await AsyncConnection.connect(conninfo(), autocommit=True)
        try:
            async with asyncio.timeout(PATIENCE):
                for channel in CHANNELS:
                    await connection.execute(f"LISTEN {channel}")
            renew_connections()
            self._on_connect()
            while True:
                await self._look(connection)
                await self._hear(connection)
        finally:
            await connection.close()

    async def _hear(self, connection: AsyncConnection) -> None:
        """Until the next look is due: at once when an emergency stop changed."""
        until = monotonic() + LOOK_EVERY
        while (left := until - monotonic()) > 0:
            async for notify in connection.notifies(timeout=left, stop_after=1):
                if notify.channel == STOP_CHANNEL:
                    until = 0.0
                else:
                    self._on_notify(notify)

    async def _look(self, connection: AsyncConnection) -> None:
        began, wanted = monotonic(), self._wanted()
        async with asyncio.timeout(PATIENCE):
            stops = await (await connection.execute(_STOPS)).fetchall()
            rows = await (await connection.execute(_LOOK, [wanted])).fetchall()
        numbers = {organization_id: number for _, organization_id, number in rows if organization_id is not None}
        self._on_look(Look(began, rows[0][0], set(wanted), numbers, [StandingStop(*row) for row in stops]))
