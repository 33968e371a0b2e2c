"""Notes when tokens, devices, tools and credentials were last used; written in batches, off every call's path."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from uuid import UUID

from django.db import Error

from connectors.actions.note_last_calls import note_last_calls
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.processes.background import LastingTask
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.access import key_of
from harriet.people.actions.note_seen import note_seen
from harriet.signin.actions.note_first_calls import note_first_calls
from harriet.signin.actions.note_refused_calls import note_calls_beyond_scope
from vault.actions.touch_used import touch_accounts, touch_used
from vault.oauth.apart import Which

log = logging.getLogger(__name__)

WRITE_EVERY = 3.0
"""Seconds."""


class LastUsed:
    """What was used since the last write. It moves no version: nobody's rights depend on it."""

    def __init__(self) -> None:
        self._used: dict[tuple[int, int], tuple[Principal, Grant, Snapshot]] = {}
        """By identity, so that noting it costs next to nothing; being kept here, what is noted keeps its identity."""
        self._beyond: dict[UUID, str] = {}
        """By device of a connected app, the tool that it may not use."""
        self._task = LastingTask()

    def start(self) -> None:
        self._task.start(self._run())

    async def stop(self) -> None:
        await self._task.stop()
        await self.write()

    def used(self, principal: Principal, grant: Grant, snapshot: Snapshot) -> None:
        key = (id(principal), id(grant))
        if key not in self._used:
            self._used[key] = (principal, grant, snapshot)

    def beyond_scope(self, principal: Principal, tool: str) -> None:
        """For the connection doctor: a connected app asked for more than its person allowed."""
        if principal.device is not None:
            self._beyond[principal.device.id] = tool

    async def write(self) -> None:
        await self._write_beyond()
        if not self._used:
            return
        used, self._used = list(self._used.values()), {}
        tokens = {principal.token_id for principal, _, _ in used}
        devices = {principal.device.id for principal, _, _ in used if principal.device is not None}
        tools = {grant.tool.id for _, grant, _ in used}
        reached = [(grant.tool.connector.id, snapshot.credentials) for _, grant, snapshot in used]
        credentials = {connector_id for connector_id, sealed in reached if connector_id in sealed}
        accounts = {key: by for use in used for key, by in _account(*use)}
        try:
            await in_database(_write, tokens, devices, tools, credentials, accounts)
        except Error as problem:
            log.warning("Could not note what was last used (%s).", type(problem).__name__)

    async def _write_beyond(self) -> None:
        if not self._beyond:
            return
        beyond, self._beyond = self._beyond, {}
        try:
            await in_database(note_calls_beyond_scope, beyond)
        except Error as problem:
            log.warning("Could not note who was refused (%s).", type(problem).__name__)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY)
            await self.write()


def _account(principal: Principal, grant: Grant, snapshot: Snapshot) -> Iterator[tuple[Which, str]]:
    """The connected account whose token went with it, and by what it was used."""
    sealed = snapshot.credentials.get(grant.tool.connector.id)
    if sealed is not None and sealed.oauth_client_id is not None:
        key = key_of(sealed, principal.user_id)
        yield key, f"{grant.tool.connector.name}: {grant.tool.name}"


def _write(
    tokens: set[UUID], devices: set[UUID], tools: set[UUID], credentials: set[UUID], accounts: dict[Which, str]
) -> None:
    note_first_calls(devices)
    note_seen(tokens, devices)
    note_last_calls(tools)
    touch_used(credentials)
    touch_accounts(accounts)
