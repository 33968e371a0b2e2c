"""What one process keeps for the gateway: snapshots, the listener, the audit writer, the transport, running calls."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic, time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from psycopg import Notify

from audit.event import NewEvent
from audit.writer import AuditWriter
from connectors.transports.native.transport import NativeTransport
from harriet.gateway.http.journal import Journals
from harriet.gateway.http.replay import Replays
from harriet.gateway.metrics.observer import Observer
from harriet.gateway.policy.compile import compile_snapshot
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.view import may_enter
from harriet.gateway.processes.database import conninfo, in_database
from harriet.gateway.processes.mailbox import Post
from harriet.gateway.processes.notifications import Listener, Look
from harriet.gateway.processes.running import Running
from harriet.gateway.questions.elsewhere import Relays
from harriet.gateway.questions.in_stream import Questions
from harriet.gateway.questions.suspended import ParkingLot
from harriet.gateway.steps.health import Pauses
from harriet.gateway.steps.hold import Waiters
from harriet.gateway.steps.last_used import LastSeen
from harriet.gateway.steps.schema import Schemas
from harriet.gateway.streams.hub import Hub
from harriet.gateway.streams.live_lists import LiveLists
from harriet.gateway.streams.sessions import CHANNEL as SESSION_CHANNEL
from harriet.gateway.streams.sessions import ROOTS_CHANGED, Sessions
from harriet.lib.egress import AsyncEgress
from harriet.lib.redaction import Redactor
from vault.opened import OpenCredential
from vault.stored import SealedCredential

if TYPE_CHECKING:
    from harriet.gateway.steps.request import Call

log = logging.getLogger(__name__)

STALE_AFTER = 10.0
"""Seconds without a word from the database after which no call is decided any more."""
FIRST_LOAD_SECONDS = 20.0
DRAIN_SECONDS = 20.0
LAST_WORDS = 0.3
"""Seconds for calls that wait for a person, and know better what became of them, to say so themselves."""
_REDACTORS = 512


class Runtime:
    """Started once per event loop. Everything here is used from that loop alone."""

    def __init__(self) -> None:
        self.snapshots: dict[str, Snapshot] = {}
        self.audit = AuditWriter(conninfo())
        self.egress = AsyncEgress()
        self.transport = NativeTransport(self.egress)
        self.schemas = Schemas()
        self.seen = LastSeen()
        self.running = Running()
        self.pauses = Pauses()
        self.waiters = Waiters()
        self.post = Post()
        self.sessions = Sessions(clock=self.unix_now)
        self.post.on(ROOTS_CHANGED, self.sessions.roots_changed)
        self.journals = Journals(self.post.process)
        self.replays = Replays(self.journals, self.post)
        self.questions = Questions(self.post)
        self.parking = ParkingLot()
        self.relays = Relays(self)
        self.lists = LiveLists(self)
        self.hub = Hub(self)
        self.observer = Observer(self)
        self.deadline_seconds = float(settings.MCP_DEADLINE_SECONDS)
        self._slugs: dict[UUID, str] = {}
        self._confirmed: dict[str, float] = {}
        self._reloading: set[UUID] = set()
        self._again: set[UUID] = set()
        self._redactors: OrderedDict[tuple[UUID, int], Redactor] = OrderedDict()
        self._clock, self._unix_clock = (monotonic(), datetime.now(UTC)), (monotonic(), time())
        self._listener = Listener(self._on_look, self._on_notify, self._on_connect)
        self._background: set[asyncio.Task[Any]] = set()
        self._has_looked = False
        self._loaded = asyncio.Event()

    async def start(self) -> None:
        """Returns once the first snapshots are loaded, or after a while without them: a database that is away at the
        start is waited for like one that goes away later, with refusals meanwhile."""
        await self.audit.start()
        self.seen.start()
        self.post.start()
        self.hub.start()
        self._listener.start()
        await self.observer.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOAD_SECONDS):
                await self._loaded.wait()

    async def start_for(self, organization_id: UUID) -> Snapshot | None:
        """A short-lived runtime for one organization: no listening, one snapshot, for as long as a call takes."""
        await self.audit.start()
        await self.observer.start(is_lasting=False)
        return await self._reload_once(organization_id)

    async def stop(self) -> None:
        await self.hub.stop()
        await self.running.drain(DRAIN_SECONDS)
        await self._listener.stop()
        await self.seen.stop()
        await self.post.stop()
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self.schemas.close()
        await self.transport.close()
        await self.egress.close()
        await self.audit.stop()
        await self.observer.stop()

    def now(self) -> datetime:
        """The database's time, carried on by our monotonic clock."""
        at, then = self._clock
        return then + timedelta(seconds=monotonic() - at)

    def unix_now(self) -> float:
        """The same in seconds since 1970."""
        at, then = self._unix_clock
        return then + monotonic() - at

    def is_fresh(self, slug: str) -> bool:
        """Whether the organization's snapshot was current at most ten seconds ago."""
        return monotonic() - self._confirmed.get(slug, 0.0) <= STALE_AFTER

    def has_access(self, slug: str, token_id: UUID, profile_id: UUID) -> bool:
        """False when it is known that the token may no longer use the profile."""
        if not self.is_fresh(slug):
            return True  # nothing is known; nothing new is let through meanwhile
        snapshot = self.snapshots.get(slug)
        principal = snapshot.principal_of(token_id) if snapshot is not None else None
        profile = snapshot.profile_of(profile_id) if snapshot is not None else None
        if principal is None or profile is None or principal.expires_at <= self.now():
            return False
        return may_enter(principal, profile)

    def snapshot_ages(self) -> dict[str, float]:
        """Seconds since each organization's snapshot was last known to be current."""
        now = monotonic()
        return {slug: now - confirmed for slug, confirmed in self._confirmed.items()}

    def is_ready(self) -> bool:
        return self._loaded.is_set() and monotonic() - self._clock[0] <= STALE_AFTER / 2

    def in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def ended(self, call: Call, event: NewEvent) -> None:
        """An outcome or a refusal, for the audit log and for whoever operates Harriet."""
        self.audit.write_soon(event)
        self.observer.ended(call, event)

    def redactor(self, sealed: SealedCredential | None, credential: OpenCredential) -> Redactor | None:
        """Built once per credential version; None when nothing secret is used."""
        if sealed is None:
            return None
        key = (sealed.credential_id, sealed.version)
        found = self._redactors.get(key)
        if found is None:
            found = self._redactors[key] = Redactor(credential.secrets)
            if len(self._redactors) > _REDACTORS:
                self._redactors.popitem(last=False)
        return found

    def _on_look(self, look: Look) -> None:
        self._clock, self._unix_clock = (look.began, look.now), (look.began, look.now.timestamp())
        for organization_id, number in look.numbers.items():
            snapshot = self._snapshot_of(organization_id)
            if snapshot is not None and snapshot.number >= number:
                self._confirmed[snapshot.facts.slug] = look.began
            else:
                self._reload(organization_id)
        for organization_id in self._slugs.keys() - look.numbers.keys():
            self._forget(organization_id)
        self._has_looked = True
        self._note_loaded()

    def _on_connect(self) -> None:
        """Versions are looked at twice a second anyway; what else was notified meanwhile is lost."""
        self.sessions.doubt_all()
        self.in_background(self.hub.sessions_in_doubt())

    def _on_notify(self, notify: Notify) -> None:
        if notify.channel == "harriet_version":
            self._reload(UUID(notify.payload))
        elif notify.channel == "harriet_action":
            self.waiters.wake(UUID(notify.payload))
        elif notify.channel == SESSION_CHANNEL:
            session_id = UUID(notify.payload).bytes
            self.sessions.changed(session_id)
            self.in_background(self.hub.session_changed(session_id))
        else:
            self.running.cancel_named(notify.payload)

    def _reload(self, organization_id: UUID) -> None:
        if organization_id in self._reloading:
            self._again.add(organization_id)
            return
        self._reloading.add(organization_id)
        self.in_background(self._reload_until_current(organization_id))

    async def _reload_until_current(self, organization_id: UUID) -> None:
        try:
            while True:
                self._again.discard(organization_id)
                await self._reload_once(organization_id)
                if organization_id not in self._again:
                    return
        except DatabaseError as problem:
            # The next look tries again; after ten seconds without success calls are refused.
            log.warning("Could not load the organization %s (%s).", organization_id, type(problem).__name__)
        except Exception:
            log.exception("Could not load the organization %s.", organization_id)
        finally:
            self._reloading.discard(organization_id)
            self._again.discard(organization_id)
            self._note_loaded()

    def _note_loaded(self) -> None:
        if self._has_looked and not self._reloading:
            self._loaded.set()

    async def _reload_once(self, organization_id: UUID) -> Snapshot | None:
        began = monotonic()
        snapshot = await in_database(compile_snapshot, organization_id, self._snapshot_of(organization_id))
        self._forget(organization_id)
        if snapshot is not None:
            slug = snapshot.facts.slug
            self.snapshots[slug] = snapshot
            self._slugs[organization_id] = slug
            self._confirmed[slug] = began
            self.hub.reloaded(slug)
            self.waiters.wake_all()
            asyncio.get_running_loop().call_later(LAST_WORDS, self.running.end_without_access, slug, self.has_access)
        return snapshot

    def _forget(self, organization_id: UUID) -> None:
        snapshot = self._snapshot_of(organization_id)
        self._slugs.pop(organization_id, None)
        if snapshot is not None:
            self.snapshots.pop(snapshot.facts.slug, None)
            self._confirmed.pop(snapshot.facts.slug, None)

    def _snapshot_of(self, organization_id: UUID) -> Snapshot | None:
        """Another organization may have its old slug by now."""
        snapshot = self.snapshots.get(self._slugs.get(organization_id, ""))
        return snapshot if snapshot is not None and snapshot.facts.id == organization_id else None
