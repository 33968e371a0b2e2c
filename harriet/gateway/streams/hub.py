"""Streams on which clients hear what changes: GET of the handshake era, subscriptions/listen of 2026-07-28.

An idle stream costs one waiting task. What is to be said is sent by short-lived tasks, and a reader that is too slow
loses its stream.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from connectors.models import Tool
from harriet.gateway.errors import ACCESS_LOST, INVALID_PARAMS, AccessEnded, RpcRefusal
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.view import View, may_enter
from harriet.gateway.streams.sessions import ClientSession
from harriet.gateway.streams.upstream_changes import Source, Wanted, Watchers, source_of

if TYPE_CHECKING:
    from connectors.access.facts import ProfileRow
    from harriet.gateway.http.exchange import Exchange
    from harriet.gateway.http.journal import EventId
    from harriet.gateway.policy.principal import Principal
    from harriet.gateway.protocol.visit import Visit
    from harriet.gateway.runtime import Runtime

KEEP_ALIVE = 15.0
REFRESH_AFTER = 0.02
MOST_WAITING = 256
"""Messages that may wait for a slow reader."""
MOST_STREAMS = 5000
LAST_WORDS = 2.0
_SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
LISTS = {
    "tools": "notifications/tools/list_changed",
    "prompts": "notifications/prompts/list_changed",
    "resources": "notifications/resources/list_changed",
}
_KINDS: dict[str, str] = {"prompts": Tool.Kind.PROMPT, "resources": Tool.Kind.RESOURCES}
_WANTED = {"tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged"}


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream: whose it is, and what it wants to hear."""

    exchange: Exchange
    organization: str
    principal: Principal
    profile: ProfileRow
    wants: frozenset[str]
    uris: frozenset[str]
    session: ClientSession | None = None
    rpc_id: bytes = b""
    shown: dict[str, int] = field(default_factory=dict)
    """What the lists looked like when this stream last heard of them."""
    waiting: deque[bytes] = field(default_factory=deque)
    sender: asyncio.Task[None] | None = None
    has_lost_access: bool = False
    ended: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def has_session(self) -> bool:
        return self.session is not None

    def tell(self, method: str, params: dict[str, Any] | None = None) -> None:
        params = params or {}
        if self.rpc_id:
            params = {**params, "_meta": {_SUBSCRIPTION: msgspec.Raw(self.rpc_id)}}
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        self.put(msgspec.json.encode({**message, "params": params} if params else message))

    def put(self, message: bytes) -> None:
        """An empty message is a sign of life."""
        if self.ended.done():
            return
        if len(self.waiting) >= MOST_WAITING:
            self.end()
            return
        self.waiting.append(message)
        if self.sender is None or self.sender.done():
            self.sender = asyncio.create_task(self._send())

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def cut_off(self) -> None:
        self.has_lost_access = True
        self.end()

    async def last_words(self) -> None:
        """What is on its way may still arrive; a client that doesn't read is not waited for."""
        if self.sender is None:
            return
        _, late = await asyncio.wait({self.sender}, timeout=LAST_WORDS)
        if late:
            self.sender.cancel()
            self.exchange.reply.abandon()

    async def _send(self) -> None:
        with suppress(OSError):
            while self.waiting:
                message = self.waiting.popleft()
                await (self.exchange.reply.notify(message) if message else self.exchange.reply.keep_alive())


class Hub:
    """All open streams of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._listeners: dict[str, set[Listener]] = {}
        self._ticker: asyncio.Task[None] | None = None
        self._stale: set[str] = set()
        self.watchers = Watchers(runtime, self.upstream_said)

    def __len__(self) -> int:
        return sum(len(listeners) for listeners in self._listeners.values())

    def start(self) -> None:
        self._ticker = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        for listener in self._every():
            listener.end()
        if self._ticker is not None:
            self._ticker.cancel()
        await self.watchers.stop()

    async def attend(self, listener: Listener) -> None:
        """Returns when the client has gone, or has lost the right to listen. Raises RpcRefusal when there are too
        many streams already."""
        if len(self) >= MOST_STREAMS:
            raise RpcRefusal(503, "Too many clients listen already. Try again later.", status=503)
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
                    listener.tell(LISTS[what])
            listener.shown = now
        self._refresh_soon(organization)

    def upstream_said(self, organization: str, source: Source, what: str, uri: str = "") -> None:
        """A server said that a list changed, or that a resource did."""
        connector_id = source[0]
        for listener in list(self._listeners.get(organization, ())):
            view = self._view(listener)
            connector = view.heard.get(connector_id) if view is not None else None
            if view is None or connector is None or source_of(connector, listener.has_session) != source:
                continue
            if what in LISTS and what in listener.wants:
                listener.tell(LISTS[what])
            elif what == "resource" and connector_id in view.resources:
                shown = self.watchers.shown(view.resources[connector_id], listener.profile, uri)
                if shown in listener.uris:
                    listener.tell("notifications/resources/updated", {"uri": shown})

    async def session_changed(self, session_id: bytes) -> None:
        """A client subscribed to a resource, or ended its session, perhaps at another process."""
        found = await self._runtime.sessions.refreshed(session_id)
        for listener in self._every():
            if found is not None and listener.session is not None and listener.session.id == session_id:
                listener.uris = found[1].subscriptions
                if found[1].has_ended:
                    listener.end()
                self._refresh_soon(listener.organization)

    async def sessions_in_doubt(self) -> None:
        for session_id in {listener.session.id for listener in self._every() if listener.session is not None}:
            await self.session_changed(session_id)

    def _view(self, listener: Listener) -> View | None:
        """What the listener may see now; None when it may see nothing any more."""
        snapshot = self._runtime.snapshots.get(listener.organization)
        if snapshot is None:
            return None
        principal = snapshot.principal_of(listener.principal.token_id)
        profile = snapshot.profile_of(listener.profile.id)
        if principal is None or profile is None or principal.expires_at <= self._runtime.now():
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
        self.watchers.keep_only(organization, wanted)

    def _every(self) -> list[Listener]:
        return [listener for listeners in self._listeners.values() for listener in listeners]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE)
            for listener in self._every():
                if self._view(listener) is None:
                    listener.cut_off()
                listener.put(b"")


async def _gone(exchange: Exchange) -> None:
    """A GET has a body to be read, too, if an empty one."""
    while (await exchange.receive())["type"] != "http.disconnect":
        pass


def fingerprints(view: View) -> dict[str, int]:
    """Equal as long as the lists are."""
    return {
        "tools": _mark((name, grant.tool.digest, grant.gate.kind) for name, grant in view.grants.items()),
        "prompts": _mark((name, grant.tool.digest) for name, grant in view.prompts.items()),
        "resources": _mark(view.resources),
    }


def _mark(entries: Iterable[Any]) -> int:
    return hash(frozenset(entries))


async def serve_get(visit: Visit, session: ClientSession) -> None:
    """The stream of a session: everything that it may hear."""
    uris = visit.runtime.sessions.learned(session).subscriptions
    listener = _listener(visit, frozenset(LISTS), uris)
    listener.session = session
    visit.exchange.reply.may_stream = True
    await visit.exchange.reply.keep_alive()
    await visit.runtime.hub.attend(listener)
    if listener.has_lost_access and _may_log(visit):
        said = {"level": "alert", "logger": "harriet", "data": ACCESS_LOST.format("Nothing more is told here.")}
        await visit.exchange.reply.notify(_log_message(said))
    await visit.exchange.reply.finish(200, b"")


def _may_log(visit: Visit) -> bool:
    """A stream that answers no request has no other way to say why it ends; it is for those who were offered logs."""
    view = view_of(visit.snapshot, visit.principal, visit.profile)
    return any("logging" in connector.capabilities for connector in view.connectors)


def _log_message(params: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "notifications/message", "params": params})


async def serve_resumed(visit: Visit, session: ClientSession, wanted: EventId) -> None:
    """The rest of a call's stream, whose connection broke. It ends with the call, or like any other stream."""
    listener, reply = _listener(visit, frozenset(), frozenset()), visit.exchange.reply
    listener.session, reply.may_stream = session, True
    await reply.keep_alive()
    replay = asyncio.create_task(visit.runtime.replays.replay(session.id, wanted, reply))
    replay.add_done_callback(lambda _: listener.end())
    try:
        await visit.runtime.hub.attend(listener)
    finally:
        replay.cancel()
        await asyncio.gather(replay, return_exceptions=True)
    await reply.finish(200, b"")


async def serve_listen(visit: Visit, rpc_id: bytes, notifications: dict[str, Any]) -> None:
    """subscriptions/listen: what was asked for and nothing else, after an acknowledgement of it. Raises RpcRefusal."""
    uris = notifications.get("resourceSubscriptions", [])
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris) or len(uris) > MOST_WAITING:
        raise RpcRefusal(INVALID_PARAMS, f"resourceSubscriptions is a list of at most {MOST_WAITING} addresses.")
    view = view_of(visit.snapshot, visit.principal, visit.profile)
    offered = {"tools"} | {what for what, kind in _KINDS.items() if kind in view.changing}
    wants = frozenset(what for what in offered if notifications.get(_WANTED[what]) is True)
    owners_of = visit.runtime.hub.watchers.owners_of
    listener = _listener(visit, wants, frozenset(uri for uri in uris if owners_of(uri, view, visit.profile)))
    listener.rpc_id = rpc_id
    visit.exchange.reply.may_stream = True
    honoured: dict[str, Any] = {_WANTED[what]: True for what in sorted(wants)}
    if listener.uris:
        honoured["resourceSubscriptions"] = sorted(listener.uris)
    listener.tell("notifications/subscriptions/acknowledged", {"notifications": honoured})
    await visit.runtime.hub.attend(listener)
    if listener.has_lost_access:
        raise AccessEnded(ACCESS_LOST.format("Nothing more is told of changes."))
    meta = {_SUBSCRIPTION: msgspec.Raw(rpc_id)}
    result = msgspec.json.encode({"resultType": "complete", "_meta": meta})
    await visit.exchange.reply.finish(200, b'{"jsonrpc":"2.0","id":' + rpc_id + b',"result":' + result + b"}")


def _listener(visit: Visit, wants: frozenset[str], uris: frozenset[str]) -> Listener:
    return Listener(
        exchange=visit.exchange,
        organization=visit.snapshot.facts.slug,
        principal=visit.principal,
        profile=visit.profile,
        wants=wants,
        uris=uris,
        shown=fingerprints(view_of(visit.snapshot, visit.principal, visit.profile)),
    )
