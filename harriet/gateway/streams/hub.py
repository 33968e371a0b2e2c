"""All streams of a process on which clients hear what changes: who hears what, and which servers are heard for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from harriet.gateway.errors import RpcRefusal, Unavailable
from harriet.gateway.http.exchange import HttpExchange
from harriet.gateway.http.reply import KEEP_ALIVE_SECONDS
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.snapshots import Snapshots
from harriet.gateway.policy.view import View, may_enter
from harriet.gateway.steps.stops import Stops
from harriet.gateway.steps.upstream import Source
from harriet.gateway.streams.listening_client import ListeningClient
from harriet.gateway.streams.sessions import ClientSessions
from harriet.gateway.streams.upstream_changes import Wanted, Watchers, source_of
from harriet.lib.mcp.notifications import LIST_CHANGED, RESOURCES_UPDATED
from harriet.people.stop_rules import StandingStop, sentence

REFRESH_AFTER = 0.02
"""Seconds in which streams that open at once become one look at what they want to hear."""
HEARS_NOTHING = "Nothing is told of changes meanwhile."
MOST_STREAMS = 5000
"""In one process."""


class Hub:
    """All open streams of this process."""

    def __init__(self, snapshots: Snapshots, sessions: ClientSessions, watchers: Watchers, stops: Stops) -> None:
        self._snapshots, self._sessions, self._stops = snapshots, sessions, stops
        self.watchers = watchers
        watchers.on_news = self.upstream_said
        self._listeners: dict[str, set[ListeningClient]] = {}
        self._ticker: asyncio.Task[None] | None = None
        self._stale: set[str] = set()

    def __len__(self) -> int:
        return sum(len(listeners) for listeners in self._listeners.values())

    def counts(self) -> dict[str, int]:
        """Streams by the slug of their organization, where there is any."""
        return {slug: len(listeners) for slug, listeners in self._listeners.items() if listeners}

    def start(self) -> None:
        self._ticker = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        for listener in self._every():
            listener.end()
        if self._ticker is not None:
            self._ticker.cancel()
        await self.watchers.stop()

    async def serve(self, listener: ListeningClient) -> None:
        """Returns when the client has gone, or has lost the right to listen. Raises RpcRefusal when there are too
        many streams already."""
        if len(self) >= MOST_STREAMS:
            raise RpcRefusal(503, "Too many clients listen already. Try again later.", status=503)
        if (stop := self._stop_on(listener)) is not None:
            raise Unavailable(sentence(stop, HEARS_NOTHING))
        listeners = self._listeners.setdefault(listener.organization, set())
        listeners.add(listener)
        gone = asyncio.ensure_future(_gone(listener.exchange))
        try:
            self._refresh_soon(listener.organization)
            either: set[asyncio.Future[Any]] = {gone, listener.ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            listener.end()
            listeners.discard(listener)
            self._refresh_soon(listener.organization)
        await listener.last_words()

    def reloaded(self, organization: str) -> None:
        """A snapshot was replaced: who may no longer listen is cut off, and who sees other lists is told."""
        for listener in list(self._listeners.get(organization, ())):
            view = self._view(listener)
            if view is None:
                listener.cut_off()
                continue
            now = fingerprints(view)
            for what in listener.wants:
                if listener.shown.get(what) != now[what]:
                    listener.tell(LIST_CHANGED[what])
            listener.shown = now
        self._refresh_soon(organization)

    def stops_changed(self, organization: str) -> None:
        """An emergency stop began, was eased or released: who is stopped is cut off, and servers are heard or not."""
        for listener in list(self._listeners.get(organization, ())):
            listener.stop = self._stop_on(listener)
            if listener.stop is not None:
                listener.end()
        self._refresh_soon(organization)

    def _stop_on(self, listener: ListeningClient) -> StandingStop | None:
        snapshot = self._snapshots.get(listener.organization)
        if snapshot is None or listener.is_rest_of_answer:
            return None
        return self._stops.on_stream(snapshot.facts.id, listener.principal, listener.client)

    def upstream_said(self, organization: str, source: Source, what: str, uri: str = "") -> None:
        """A server said that a list changed, or that a resource did."""
        connector_id = source.connector_id
        for listener in list(self._listeners.get(organization, ())):
            view = self._view(listener)
            connector = view.watched.get(connector_id) if view is not None else None
            if view is None or connector is None or source_of(connector, listener.has_session) != source:
                continue
            if what in LIST_CHANGED and what in listener.wants:
                listener.tell(LIST_CHANGED[what])
            elif what == "resource" and connector_id in view.resources:
                shown = self.watchers.shown(view.resources[connector_id], listener.profile, uri)
                if shown in listener.uris:
                    listener.tell(RESOURCES_UPDATED, {"uri": shown})

    async def session_changed(self, session_id: bytes) -> None:
        """A client subscribed to a resource, or ended its session, perhaps at another process."""
        found = await self._sessions.refreshed(session_id)
        for listener in self._every():
            if found is not None and listener.session is not None and listener.session.id == session_id:
                listener.uris = found.subscriptions
                if found.has_ended:
                    listener.end()
                self._refresh_soon(listener.organization)

    async def sessions_in_doubt(self) -> None:
        for session_id in {listener.session.id for listener in self._every() if listener.session is not None}:
            await self.session_changed(session_id)

    def _view(self, listener: ListeningClient) -> View | None:
        """What the listener may see now; None when it may see nothing any more."""
        snapshot = self._snapshots.get(listener.organization)
        if snapshot is None:
            return None
        principal = snapshot.callers.of_token(listener.principal.token_id)
        profile = snapshot.profile_of(listener.profile.id)
        if principal is None or profile is None or principal.expires_at <= self._snapshots.now():
            return None
        return view_of(snapshot, principal, profile) if may_enter(principal, profile) else None

    def _refresh_soon(self, organization: str) -> None:
        """Many streams may open at once."""
        if organization not in self._stale:
            self._stale.add(organization)
            asyncio.get_running_loop().call_later(REFRESH_AFTER, self._refresh, organization)

    def _refresh(self, organization: str) -> None:
        """Listens to the servers that somebody here is interested in."""
        self._stale.discard(organization)
        wanted: Wanted = {}
        for listener in self._listeners.get(organization, ()):
            view = self._view(listener)
            if view is not None:
                self.watchers.add_wanted(
                    wanted, view, listener.profile, listener.uris, has_session=listener.has_session
                )
        self.watchers.keep_only(organization, self._not_stopped(organization, wanted))

    def _not_stopped(self, organization: str, wanted: Wanted) -> Wanted:
        snapshot = self._snapshots.get(organization)
        if snapshot is None:
            return wanted
        home = snapshot.facts.id
        return {one: what for one, what in wanted.items() if self._stops.on_server(home, one.connector_id) is None}

    def _every(self) -> list[ListeningClient]:
        return [listener for listeners in self._listeners.values() for listener in listeners]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_SECONDS)
            for listener in self._every():
                if self._view(listener) is None:
                    listener.cut_off()
                listener.put(b"")


async def _gone(exchange: HttpExchange) -> None:
    """A GET has a body to be read, too, if an empty one."""
    while (await exchange.receive())["type"] != "http.disconnect":
        pass


def fingerprints(view: View) -> dict[str, int]:
    """Equal as long as the lists are."""
    return {
        "tools": _mark((name, grant.tool.digest, grant.may_wait) for name, grant in view.grants.items()),
        "prompts": _mark((name, grant.tool.digest) for name, grant in view.prompts.items()),
        "resources": _mark(view.resources),
    }


def _mark(entries: Iterable[Any]) -> int:
    return hash(frozenset(entries))
