"""Listening to servers for the sake of clients that listen: a stream per connector and process, while needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from connectors.access import shown_uri, split_uri
from connectors.errors import ConnectorError
from connectors.rows import ConnectorRow, ProfileRow
from connectors.tasks import sync_connector_soon
from connectors.transports.base import Endpoint, Interest
from vault.errors import VaultError

from .database import in_database

if TYPE_CHECKING:
    from .policy import Grant, View
    from .runtime import Runtime

log = logging.getLogger(__name__)

TRY_AGAIN = 30.0
SYNC_EVERY = 30.0
_WHAT = {
    "notifications/tools/list_changed": "tools",
    "notifications/prompts/list_changed": "prompts",
    "notifications/resources/list_changed": "resources",
}
Said = Callable[..., None]


@dataclass(slots=True)
class _Watch:
    interest: Interest
    connector: ConnectorRow
    task: asyncio.Task[None]


class Watchers:
    def __init__(self, runtime: Runtime, said: Said) -> None:
        self._runtime = runtime
        self._said = said
        self._watches: dict[tuple[str, UUID], _Watch] = {}
        self._synced: dict[UUID, float] = {}
        """When each connector was last synchronised because of this, or will be."""
        self._later: dict[UUID, asyncio.TimerHandle] = {}
        """One at most for each: what is due. (uvloop's handles don't all know when.)"""

    async def stop(self) -> None:
        for timer in self._later.values():
            timer.cancel()
        tasks = [watch.task for watch in self._watches.values()]
        self._watches.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def shown(self, grant: Grant, profile: ProfileRow, uri: str) -> str:
        return shown_uri(grant.tool.connector.slug, uri, profile.has_prefix)

    def add_wanted(
        self, wanted: dict[UUID, tuple[Any, set[str]]], view: View, profile: ProfileRow, uris: Iterable[str]
    ) -> None:
        """Adds the connectors behind a view, and whose resources are listened to."""
        for connector in view.connectors:
            if _says_anything(connector):
                wanted.setdefault(connector.id, (connector, set()))
        for address in uris:
            for connector, uri in self.owners_of(address, view, profile):
                if _can_subscribe(connector):
                    wanted.setdefault(connector.id, (connector, set()))[1].add(uri)

    def owners_of(self, address: str, view: View, profile: ProfileRow) -> list[tuple[ConnectorRow, str]]:
        """Whose resource this may be, and its address there. An address that a client made up leaves with the
        subscription, so where a person decides on each read, none is subscribed to."""
        owners = {grant.tool.connector.slug: grant for grant in view.resources.values()}
        slug, uri = split_uri(address, owners) if profile.has_prefix else (None, address)
        found = [owners[slug]] if slug else [] if profile.has_prefix else list(owners.values())
        return [(grant.tool.connector, uri) for grant in found if grant.gate.kind != "hold"]

    def keep_only(self, organization: str, wanted: dict[UUID, tuple[ConnectorRow, set[str]]]) -> None:
        for key in [key for key in self._watches if key[0] == organization and key[1] not in wanted]:
            self._watches.pop(key).task.cancel()
        for connector_id, (connector, uris) in wanted.items():
            interest = Interest(uris=frozenset(uris))
            watch = self._watches.get((organization, connector_id))
            if watch is not None:
                if watch.interest == interest and watch.connector.revision == connector.revision:
                    continue
                watch.task.cancel()
            task = asyncio.create_task(self._watch(organization, connector, interest))
            self._watches[organization, connector_id] = _Watch(interest, connector, task)

    async def _watch(self, organization: str, connector: ConnectorRow, interest: Interest) -> None:
        """Until cancelled; a server that has no such stream is asked again later, in case it was only down."""
        endpoint = Endpoint(connector.id, connector.url, connector.reach, connector.era)
        while True:
            try:
                snapshot = self._runtime.snapshots[organization]
                sealed = snapshot.credentials.get(connector.id)
                await self._runtime.transport.watch(
                    endpoint,
                    partial(snapshot.opener.credential, sealed),
                    interest,
                    on_notification=partial(self.heard, organization, connector.id),
                )
            except (ConnectorError, VaultError, LookupError) as problem:
                log.info("Nothing is heard from connector %s: %s", connector.id, problem)
            await asyncio.sleep(TRY_AGAIN)

    async def heard(self, organization: str, connector_id: UUID, raw: bytes) -> None:
        """On a stream of the server's own, or in the middle of a call."""
        try:
            method, uri = _read(raw)
        except msgspec.MsgspecError:
            log.info("Connector %s sent a notification that can't be read.", connector_id)
            return
        if method == "notifications/resources/updated":
            self._said(organization, connector_id, "resource", uri)
        elif method in _WHAT:
            self._said(organization, connector_id, _WHAT[method])
            self._sync(connector_id)

    def _sync(self, connector_id: UUID) -> None:
        """What a server offers anew is looked at soon, if not more often than is good for us."""
        now, last = monotonic(), self._synced.get(connector_id, -SYNC_EVERY)
        if last > now:
            return  # one is due already
        wait = max(0.0, last + SYNC_EVERY - now)
        self._synced[connector_id] = now + wait
        self._later[connector_id] = asyncio.get_running_loop().call_later(wait, self._sync_now, connector_id)

    def _sync_now(self, connector_id: UUID) -> None:
        self._later.pop(connector_id, None)
        self._runtime.in_background(in_database(sync_connector_soon, connector_id))


class _Params(msgspec.Struct):
    uri: str = ""


class _Notification(msgspec.Struct):
    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")


_NOTIFICATION = msgspec.json.Decoder(_Notification).decode
_PARAMS = msgspec.json.Decoder(_Params).decode


def _read(raw: bytes) -> tuple[str, str]:
    """Method, and the address that it is about, if any. What else is in it is nobody's business here."""
    said = _NOTIFICATION(raw)
    return said.method, _PARAMS(said.params).uri if said.method == "notifications/resources/updated" else ""


def _says_anything(connector: ConnectorRow) -> bool:
    offered = (connector.capabilities.get(name) for name in ("tools", "prompts", "resources"))
    return any(isinstance(one, dict) and one.get("listChanged") for one in offered)


def _can_subscribe(connector: ConnectorRow) -> bool:
    resources = connector.capabilities.get("resources")
    return isinstance(resources, dict) and bool(resources.get("subscribe"))
