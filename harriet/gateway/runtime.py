"""What one process keeps for the gateway. The composition root: it makes the parts, hands each what it uses, starts and
closes them. No part knows it; the governed call and what serves it are given it."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from psycopg import Notify

from audit.event_body import NewEvent
from audit.writing.writer import AuditWriter
from connectors.transports.kinds import Transports
from harriet.gateway.http.journal import Journals
from harriet.gateway.http.replay import Replays
from harriet.gateway.limits.failing_tools import FailingTools
from harriet.gateway.limits.limits import Limits
from harriet.gateway.metrics.connectors import KnownConnectors
from harriet.gateway.metrics.observer import Observer
from harriet.gateway.metrics.shared import ProcessStanding, standing
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.snapshots import Snapshots
from harriet.gateway.processes.background import Background, LastingTask
from harriet.gateway.processes.database import conninfo, in_database
from harriet.gateway.processes.mailbox import Mailbox
from harriet.gateway.processes.notifications import (
    ACTION_CHANNEL,
    LOOK_EVERY,
    SESSION_CHANNEL,
    VERSION_CHANNEL,
    DatabaseListener,
    Look,
)
from harriet.gateway.processes.running import RunningCalls
from harriet.gateway.questions.elsewhere import CallsElsewhere
from harriet.gateway.questions.in_stream import OpenQuestions
from harriet.gateway.questions.suspended import SuspendedCalls
from harriet.gateway.steps.access import Accesses
from harriet.gateway.steps.health import Pauses
from harriet.gateway.steps.hold import Holding
from harriet.gateway.steps.last_used import LastUsed
from harriet.gateway.steps.passed_tokens import PassedTokens
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.schema import Schemas
from harriet.gateway.steps.stops import Stops
from harriet.gateway.steps.upstream import Upstream
from harriet.gateway.streams.hub import Hub
from harriet.gateway.streams.live_lists import LiveLists
from harriet.gateway.streams.sessions import ROOTS_CHANGED, ClientSessions
from harriet.gateway.streams.upstream_changes import Watchers
from harriet.lib.egress import AsyncEgress
from harriet.people.standing_stops import standing_in

log = logging.getLogger(__name__)

FIRST_LOAD_SECONDS = 20.0
"""In which the first snapshots are waited for at the start."""
DRAIN_SECONDS = 20.0
"""In which the calls under way may end when the process does."""
LAST_WORDS = 0.3
"""Seconds for calls that wait for a person, and know better what became of them, to say so themselves."""


class Runtime:
    """Started once per event loop. Everything here is used from that loop alone."""

    def __init__(self) -> None:
        self.background = Background()
        self.running = RunningCalls()
        self.audit = AuditWriter(conninfo())
        self.snapshots = Snapshots(self.background, self._reloaded)
        self.stops = Stops(self._stops_changed)
        self._listener = DatabaseListener(self._looked, self._on_notify, self._on_connect, self.snapshots.wanted)
        self._stop_watch = LastingTask()
        self._make_ways_to_servers()
        self._make_ways_to_processes()
        self._make_steps()

    def _make_ways_to_servers(self) -> None:
        self.egress = AsyncEgress()
        transports = Transports(self.egress)
        self.upstream = Upstream(transports, deadline_seconds=float(settings.MCP_DEADLINE_SECONDS))
        self.accesses = Accesses(self.snapshots.unix_now)
        self.passed_tokens = PassedTokens()
        self.lists = LiveLists(self.upstream, self.accesses, self.stops)
        self.sessions = ClientSessions(clock=self.snapshots.unix_now)
        watchers = Watchers(transports, self.snapshots, self.lists, self.background)
        self.on_list_change = watchers.pass_on
        self.hub = Hub(self.snapshots, self.sessions, watchers, self.stops)

    def _make_ways_to_processes(self) -> None:
        self.mailbox = Mailbox()
        self.mailbox.on(ROOTS_CHANGED, self.sessions.roots_changed)
        self.journals = Journals(self.mailbox.process)
        self.replays = Replays(self.journals, self.mailbox)
        self.questions = OpenQuestions(self.mailbox)
        self.suspended = SuspendedCalls(self.mailbox.process, self.snapshots.unix_now)
        self.elsewhere = CallsElsewhere(self.mailbox, self.suspended)

    def _make_steps(self) -> None:
        self.schemas = Schemas()
        self.limits = Limits(self.snapshots)
        self.holding = Holding(
            self.snapshots, self.running.keep, self.running.answers_itself, self.stops, self.limits.stands_on_ticket
        )
        self.pauses = Pauses(self.background)
        self.failing_tools = FailingTools(self.background, self.schemas)
        self.last_used = LastUsed()
        self.observer = Observer(self._standing)
        self.connectors = KnownConnectors()

    async def start(self) -> None:
        """Returns once the first snapshots are loaded, or after a while without them: a database that is away at the
        start is waited for like one that goes away later, with refusals meanwhile."""
        await self.audit.start()
        self.last_used.start()
        self.limits.start()
        self.mailbox.start()
        self.hub.start()
        self._listener.start()
        self.snapshots.begin()
        await self.observer.start()
        await self.snapshots.wait_until_loaded(FIRST_LOAD_SECONDS)

    async def start_for(self, organization_id: UUID) -> Snapshot | None:
        """A short-lived runtime for one organization: no listening, one snapshot, for as long as a call takes.
        Emergency stops are looked at all the while."""
        await self.audit.start()
        await self.observer.start(is_lasting=False)
        self.limits.is_for_one_call = True
        self.stops.looked(await in_database(standing_in, [organization_id]))
        self._stop_watch.start(self._watch_stops(organization_id))
        return await self.snapshots.load(organization_id)

    async def stop(self) -> None:
        await self.hub.stop()
        await self.running.drain(DRAIN_SECONDS)
        await self._stop_watch.stop()
        await self._listener.stop()
        await self.last_used.stop()
        await self.limits.stop()
        await self.mailbox.stop()
        await self.background.stop()
        self.schemas.close()
        self.accesses.close()
        await self.upstream.transports.close()
        await self.egress.close()
        await self.audit.stop()
        await self.observer.stop()

    def ended(self, call: Call, event: NewEvent) -> None:
        """An outcome or a refusal, for the audit log and for whoever operates Harriet."""
        self.audit.write_soon(event)
        self.observer.ended(call, event)

    def _looked(self, look: Look) -> None:
        self.stops.looked(look.stops)
        self.snapshots.looked(look)

    def _stops_changed(self, organization_ids: set[UUID]) -> None:
        """What runs was ended by the stops themselves; who waits for a person, or listens, is told."""
        self.holding.waiters.wake_all()
        for slug, snapshot in self.snapshots.by_slug.items():
            if snapshot.facts.id in organization_ids:
                self.hub.stops_changed(slug)

    async def _watch_stops(self, organization_id: UUID) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                self.stops.looked(await in_database(standing_in, [organization_id]))
            except DatabaseError as problem:
                log.warning("Emergency stops can't be looked at (%s).", type(problem).__name__)

    def _reloaded(self, slug: str) -> None:
        """An organization was loaded anew: rights may have ended."""
        self.hub.reloaded(slug)
        self.holding.waiters.wake_all()
        has_access = self.snapshots.has_access
        asyncio.get_running_loop().call_later(LAST_WORDS, self.running.end_without_access, slug, has_access)

    def _on_connect(self) -> None:
        """Versions are looked at twice a second anyway; what else was notified meanwhile is lost."""
        self.snapshots.doubt_all()
        self.sessions.doubt_all()
        self.background.run(self.hub.sessions_in_doubt())

    def _on_notify(self, notify: Notify) -> None:
        if notify.channel == VERSION_CHANNEL:
            self.snapshots.moved(UUID(notify.payload))
        elif notify.channel == ACTION_CHANNEL:
            self.holding.wake(UUID(notify.payload))
        elif notify.channel == SESSION_CHANNEL:
            session_id = UUID(notify.payload).bytes
            self.sessions.changed(session_id)
            self.background.run(self.hub.session_changed(session_id))
        else:
            self.running.cancel_named(notify.payload)

    def _standing(self) -> ProcessStanding:
        return standing(
            self.audit,
            self.snapshots.ages(),
            running=len(self.running),
            streams=self.hub.counts(),
            waiting=len(self.holding.waiters),
        )
