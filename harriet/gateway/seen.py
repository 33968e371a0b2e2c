"""Notes when tokens, devices, tools and credentials were last used; written in batches, off every call's path."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from django.db import Error

from connectors.actions.note_last_calls import note_last_calls
from harriet.people.actions.note_seen import note_seen
from vault.actions.touch_used import touch_used

from .database import in_database

log = logging.getLogger(__name__)

WRITE_EVERY = 3.0


class LastSeen:
    """What was used since the last write. It moves no version: nobody's rights depend on it."""

    def __init__(self) -> None:
        self.tokens: set[UUID] = set()
        self.devices: set[UUID] = set()
        self.tools: set[UUID] = set()
        self.credentials: set[UUID] = set()
        """Ids of the connectors whose credential was used."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.write()

    async def write(self) -> None:
        taken = self.tokens, self.devices, self.tools, self.credentials
        if not any(taken):
            return
        self.tokens, self.devices, self.tools, self.credentials = set(), set(), set(), set()
        try:
            await in_database(_write, *taken)
        except Error as problem:
            log.warning("Could not note what was last used (%s).", type(problem).__name__)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY)
            await self.write()


def _write(tokens: set[UUID], devices: set[UUID], tools: set[UUID], credentials: set[UUID]) -> None:
    note_seen(tokens, devices)
    note_last_calls(tools)
    touch_used(credentials)
