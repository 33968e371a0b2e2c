"""Listening to servers for the sake of clients that listen: a stream per connector and process, while needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from connectors.access.facts import ConnectorRow, ProfileRow
from connectors.access.rules import shown_uri, split_uri
from connectors.errors import ConnectorError, UpstreamBroken
from connectors.tasks import sync_connector_soon
from connectors.transports.base import Endpoint, Interest
from connectors.transports.kinds import Transports
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshots import Snapshots
from harriet.gateway.policy.view import View
from harriet.gateway.processes.background import Background
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.upstream import Source
from harriet.gateway.streams.live_lists import LiveLists
from harriet.lib.mcp.notifications import (
    CHANGED_LIST,
    RESOURCES_UPDATED,
)
from vault.errors import VaultError
from vault.opened import OpenCredential

log = logging.getLogger(__name__)

TRY_AGAIN = 30.0
"""Seconds until a server whose stream ended is asked for one again."""
SILENT_TRY_AGAIN = 300.0
"""Seconds until a server that has no stream of its own is asked for one again."""
SYNC_EVERY = 30.0
"""Seconds between two syncs of one connector that are due to what it says here."""


class Listened(NamedTuple):
    """A connector, and the resources whose changes somebody wants to hear of, by their addresses there."""

    connector: ConnectorRow
    uris: set[str]


class Subject(NamedTuple):
    """A server, as it is at one revision of its connector, and what is to be heard of it."""

    endpoint: Endpoint
    revision: int
    interest: Interest

    def is_same_server(self, other: Subject) -> bool:
        return (self.endpoint, self.revision) == (other.endpoint, other.revision)


Wanted = dict[Source, Listened]


class OnServerNews(Protocol):
    """Is told that a list of a server changed ("tools", "prompts", "resources"), or a "resource" with its address
    there; `organization` is a slug."""

    def __call__(self, organization: str, source: Source, what: str, uri: str = "") -> None: ...


def _nobody(organization: str, source: Source, what: str, uri: str = "") -> None:
    return


@dataclass(slots=True)
class _Watch:
    subject: Subject
    task: asyncio.Task[None] | None = None
    before: _Watch | None = None
    """What listens until this one does."""

    @property
    def has_ended(self) -> bool:
        return self.task is not None and self.task.done()

    def hears(self) -> None:
        if self.before is not None:
            self.before.cancel()
            self.before = None

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()
        self.hears()

    def tasks(self) -> list[asyncio.Task[None]]:
        return [*([self.task] if self.task else []), *(self.before.tasks() if self.before else [])]


class Watchers:
    """The streams on which this process hears servers."""

    def __init__(self, transports: Transports, snapshots: Snapshots, lists: LiveLists, background: Background) -> None:
        self._transports, self._snapshots = transports, snapshots
        self._lists, self._background = lists, background
        self.on_news: OnServerNews = _nobody
        """Set by whoever passes on what servers say."""
        self._watches: dict[tuple[str, Source], _Watch] = {}
        self._synced: dict[UUID, float] = {}
        """When each connector was last synchronised because of this."""
        self._due: dict[UUID, asyncio.TimerHandle] = {}

    async def stop(self) -> None:
        """Returns when every stream has ended."""
        for timer in self._due.values():
            timer.cancel()
        tasks = [task for watch in self._watches.values() for task in watch.tasks()]
        for watch in self._watches.values():
            watch.cancel()
        self._watches.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    def shown(self, grant: Grant, profile: ProfileRow, uri: str) -> str:
        return shown_uri(grant.tool.connector.slug, uri, profile.has_prefix)

    def add_wanted(
        self, wanted: Wanted, view: View, profile: ProfileRow, uris: Iterable[str], *, has_session: bool
    ) -> None:
        """Adds the connectors behind a view, and whose resources are listened to."""
        for connector in view.watched.values():
            wanted.setdefault(source_of(connector, has_session), Listened(connector, set()))
        for address in uris:
            for connector, uri in self.owners_of(address, view, profile):
                if _can_subscribe(connector):
                    wanted.setdefault(source_of(connector, has_session), Listened(connector, set())).uris.add(uri)

    def owners_of(self, address: str, view: View, profile: ProfileRow) -> list[tuple[ConnectorRow, str]]:
        """Whose resource this may be, and its address there. An address that a client made up leaves with the
        subscription, so where a person decides on each read, none is subscribed to."""
        owners = {grant.tool.connector.slug: grant for grant in view.resources.values()}
        slug, uri = split_uri(address, owners) if profile.has_prefix else (None, address)
        mine = [] if profile.has_prefix else self._lists.whose(address, view, profile)
        found = [owners[slug]] if slug else mine
        return [(grant.tool.connector, uri) for grant in found if not grant.may_wait]

    def keep_only(self, organization: str, wanted: Wanted) -> None:
        for key in [(slug, source) for slug, source in self._watches if slug == organization and source not in wanted]:
            self._watches.pop(key).cancel()
        for source, (connector, uris) in wanted.items():
            endpoint = Endpoint(connector.id, connector.kind, connector.url, connector.reach, source.era)
            subject = Subject(endpoint, connector.revision, Interest(uris=frozenset(uris)))
            known = self._watches.get((organization, source))
            if known is not None and known.subject == subject and not known.has_ended:
                continue
            self._watches[organization, source] = self._begin(organization, subject, known)

    def _begin(self, organization: str, subject: Subject, known: _Watch | None) -> _Watch:
        """While the server is the same, the watch before goes on until the new one hears: nothing is missed."""
        watch = _Watch(subject)
        if known is not None and known.subject.is_same_server(subject):
            watch.before = known
        elif known is not None:
            known.cancel()
        watch.task = asyncio.create_task(self._watch(organization, subject, watch.hears))
        return watch

    async def _watch(self, organization: str, subject: Subject, hears: Callable[[], None]) -> None:
        """Until cancelled; a server that has no such stream is asked again later, in case it was only down."""
        endpoint = subject.endpoint
        while True:
            pause = TRY_AGAIN
            try:
                await self._transports.transport_for(endpoint.kind).watch(
                    endpoint,
                    partial(self._credential, organization, endpoint),
                    subject.interest,
                    on_notification=partial(self.pass_on, organization, Source(endpoint.connector_id, endpoint.era)),
                    on_open=hears,
                )
            except (ConnectorError, VaultError, LookupError) as problem:
                log.info("Nothing is heard from connector %s: %s", endpoint.connector_id, problem)
                pause = SILENT_TRY_AGAIN if isinstance(problem, UpstreamBroken) else TRY_AGAIN
            except Exception:
                log.exception("Listening to connector %s ended; it begins again.", endpoint.connector_id)
            await asyncio.sleep(pause)

    def _credential(self, organization: str, endpoint: Endpoint) -> AbstractContextManager[OpenCredential]:
        """As it is by the time of each connection: it may have been replaced since the last. One that was saved for
        another address isn't for this one. Raises LookupError."""
        snapshot = self._snapshots.by_slug[organization]
        if snapshot.facts.connectors[endpoint.connector_id].url != endpoint.url:
            raise LookupError("it has another address now")
        return snapshot.opener.credential(snapshot.credentials.get(endpoint.connector_id))

    async def pass_on(self, organization: str, source: Source, raw: bytes) -> None:
        """On a stream of the server's own, or in the middle of a call. What is wrong with one message, or with hearing
        it, costs that message and not the stream."""
        try:
            self._tell(organization, source, *_read(raw))
        except msgspec.MsgspecError:
            log.info("Connector %s said something that can't be read.", source.connector_id)
        except Exception:
            log.exception("What connector %s said could not be passed on.", source.connector_id)

    def _tell(self, organization: str, source: Source, method: str, uri: str) -> None:
        if method == RESOURCES_UPDATED:
            self.on_news(organization, source, "resource", uri)
        elif method in CHANGED_LIST:
            self._sync(source.connector_id)
            self.on_news(organization, source, CHANGED_LIST[method])

    def _sync(self, connector_id: UUID) -> None:
        """What a server offers anew is looked at soon, if not more often than is good for us."""
        if connector_id in self._due:
            return
        wait = max(0.0, self._synced.get(connector_id, -SYNC_EVERY) + SYNC_EVERY - monotonic())
        self._due[connector_id] = asyncio.get_running_loop().call_later(wait, self._sync_now, connector_id)

    def _sync_now(self, connector_id: UUID) -> None:
        del self._due[connector_id]
        self._synced[connector_id] = monotonic()
        self._background.run(in_database(sync_connector_soon, connector_id))


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
    return said.method, _PARAMS(said.params).uri if said.method == RESOURCES_UPDATED else ""


def source_of(connector: ConnectorRow, has_session: bool) -> Source:
    """Where a listener hears a server: a server of both eras may tell each of them something else."""
    return Source(connector.id, connector.session_era if has_session else connector.era)


def _can_subscribe(connector: ConnectorRow) -> bool:
    resources = connector.capabilities.get("resources")
    return isinstance(resources, dict) and bool(resources.get("subscribe"))
