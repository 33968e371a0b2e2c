"""Sessions of handshake-era clients without sticky routing: the session id is the sealed state, so any process can open
it. What a session learns later is a row, read once per process and told by NOTIFY."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from time import time
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models.functions import Now

from connectors.access.facts import ProfileRow
from harriet.gateway.errors import HttpRefusal, RpcRefusal
from harriet.gateway.models import SESSIONS_KEPT, ClientSession
from harriet.gateway.policy.principal import Principal
from harriet.gateway.processes.database import in_database
from harriet.gateway.processes.notifications import SESSION_CHANNEL
from harriet.gateway.questions.rules import interactive
from harriet.lib.mcp.error_codes import INVALID_PARAMS
from harriet.lib.sealed import NotSealedHere, Sealer

IDS = Sealer("harriet/client-session/v1")
"""Bound to the token and the profile."""
LONGEST = 4096
"""Characters of an id."""
MOST_SUBSCRIPTIONS = 200
ROOTS_CHANGED = "roots-changed"
"""What the processes call it among each other."""
GOOD_FOR = SESSIONS_KEPT - timedelta(days=1)
"""From its issue, used or not. An ended session's row is written after that and kept for longer, so an id is too old
before the row that says that it ended goes; the day between is for clocks that differ."""
_KEPT = 20_000
"""Sessions that a process has at hand."""
_USED_EVERY = timedelta(days=1)
"""So often a session that is in use says so in its row."""
_HEARD_WITHIN = 1.0
"""Seconds that an end waits to be heard here."""
_UNKNOWN = "There is no such session, or it has ended. Begin a new one with initialize."


@dataclass(frozen=True, slots=True)
class OpenSession:
    """What was said at the beginning."""

    id: bytes
    token_id: UUID
    profile_id: UUID
    version: str
    capabilities: dict[str, Any]
    """Those that let a server ask the client something."""
    client: str
    issued_at: float
    """Seconds since 1970."""


class _Sealed(msgspec.Struct, array_like=True):
    id: bytes
    version: str
    capabilities: dict[str, Any]
    client: str
    issued_at: float = 0.0
    """Ids from before this was in them are too old."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was said since."""

    log_level: str = ""
    subscriptions: frozenset[str] = frozenset()
    has_ended: bool = False


_NOTHING = Learned()


@dataclass(slots=True)
class _Kept:
    session: OpenSession
    learned: Learned | None = None
    turn: int = 0
    """Moves with every word of a change: what was read before it is old when it arrives."""
    roots_version: int = 0


@dataclass(slots=True)
class ClientSessions:
    """The sessions that this process has seen."""

    clock: Callable[[], float] = time
    """Seconds since 1970."""
    _open: OrderedDict[str, _Kept] = field(default_factory=OrderedDict)
    _by_id: dict[bytes, str] = field(default_factory=dict)
    _ending: dict[bytes, asyncio.Event] = field(default_factory=dict)

    def issue(
        self, principal: Principal, profile: ProfileRow, version: str, capabilities: dict[str, Any], client: str
    ) -> str:
        """The value of Mcp-Session-Id: visible ASCII that only Harriet can read."""
        asked = interactive(capabilities)
        if len(msgspec.json.encode(asked)) > LONGEST // 2:
            asked = {name: {} for name in asked}
        sealed = _Sealed(secrets.token_bytes(16), version, asked, client[:120], self.clock())
        return IDS.seal_text(msgspec.msgpack.encode(sealed), _owner(principal, profile))

    async def open(self, header: str, principal: Principal, profile: ProfileRow) -> OpenSession:
        """Raises HttpRefusal 404 for what isn't ours or is another's, has ended or is too old: clients begin anew."""
        kept = self._open.get(header)
        if kept is None:
            kept = self._keep(header, _opened(header, principal, profile))
        session = kept.session
        if session.token_id != principal.token_id or session.profile_id != profile.id:
            raise _unknown()
        if self.clock() - session.issued_at >= GOOD_FOR.total_seconds():
            raise _unknown()
        learned = kept.learned or await _learned_anew(kept)
        if learned.has_ended:
            raise _unknown()
        return session

    def learned(self, session: OpenSession) -> Learned:
        """Of a session that was opened in this process."""
        kept = self._open.get(self._by_id.get(session.id, ""))
        return (kept.learned if kept else None) or _NOTHING

    def roots_version(self, session: OpenSession) -> int:
        kept = self._open.get(self._by_id.get(session.id, ""))
        return kept.roots_version if kept else 0

    async def roots_changed(self, session_id: bytes) -> None:
        """The client of this session said so, here or at another process. Nothing is written: what servers remember of
        it, they remember in sessions of each process."""
        kept = self._open.get(self._by_id.get(session_id, ""))
        if kept is not None:
            kept.roots_version += 1

    async def set_log_level(self, session: OpenSession, level: str) -> None:
        def set_level(row: ClientSession) -> None:
            row.log_level = level

        await self._change(session, set_level)

    async def subscribe(self, session: OpenSession, uri: str) -> None:
        """Raises RpcRefusal beyond what one session may listen to."""

        def add(row: ClientSession) -> None:
            row.subscriptions = sorted({*row.subscriptions, uri})
            if len(row.subscriptions) > MOST_SUBSCRIPTIONS:
                raise RpcRefusal(INVALID_PARAMS, f"A session subscribes to at most {MOST_SUBSCRIPTIONS} resources.")

        await self._change(session, add)

    async def unsubscribe(self, session: OpenSession, uri: str) -> None:
        def remove(row: ClientSession) -> None:
            row.subscriptions = sorted({*row.subscriptions} - {uri})

        await self._change(session, remove)

    async def end(self, session: OpenSession) -> None:
        """Returns when the end was heard here, or after a second: what we hear, the other processes hear at the same
        time, so whoever is told that the session ended soon finds it ended at each of them."""

        def end(row: ClientSession) -> None:
            row.ended_at = Now()

        heard = self._ending.setdefault(session.id, asyncio.Event())
        try:
            await self._change(session, end)
            with suppress(TimeoutError):
                async with asyncio.timeout(_HEARD_WITHIN):
                    await heard.wait()
        finally:
            self._ending.pop(session.id, None)

    def changed(self, session_id: bytes) -> None:
        """Somebody wrote the session's row: what is known of it here is old."""
        kept = self._open.get(self._by_id.get(session_id, ""))
        if kept is not None:
            kept.learned = None
            kept.turn += 1
        if session_id in self._ending:
            self._ending[session_id].set()

    def doubt_all(self) -> None:
        """Words of changes may have been lost: everything is read again when it is needed."""
        for session_id in self._by_id:
            self.changed(session_id)

    async def refreshed(self, session_id: bytes) -> Learned | None:
        """Of a session that this process has seen, what it has learned by now."""
        kept = self._open.get(self._by_id.get(session_id, ""))
        if kept is None:
            return None
        return kept.learned or await _learned_anew(kept)

    async def _change(self, session: OpenSession, change: Callable[[ClientSession], None]) -> None:
        learned = await in_database(_write, session.id, session.token_id, change)
        kept = self._open.get(self._by_id.get(session.id, ""))
        if kept is not None:
            kept.learned = learned
            kept.turn += 1

    def _keep(self, header: str, session: OpenSession) -> _Kept:
        while len(self._open) >= _KEPT:
            _, oldest = self._open.popitem(last=False)
            self._by_id.pop(oldest.session.id, None)
        self._by_id[session.id] = header
        kept = self._open[header] = _Kept(session)
        return kept


def _opened(header: str, principal: Principal, profile: ProfileRow) -> OpenSession:
    try:
        plain = IDS.open_text(header, _owner(principal, profile), longest=LONGEST)
        sealed = msgspec.msgpack.decode(plain, type=_Sealed)
    except (ValueError, NotSealedHere):
        raise _unknown() from None
    return OpenSession(
        sealed.id,
        principal.token_id,
        profile.id,
        sealed.version,
        sealed.capabilities,
        sealed.client,
        sealed.issued_at,
    )


def _owner(principal: Principal, profile: ProfileRow) -> bytes:
    return principal.token_id.bytes + profile.id.bytes


def _unknown() -> HttpRefusal:
    return HttpRefusal(404, _UNKNOWN)


def _learned(row: ClientSession) -> Learned:
    return Learned(row.log_level, frozenset(row.subscriptions), row.ended_at is not None)


async def _learned_anew(kept: _Kept) -> Learned:
    while True:
        turn = kept.turn
        learned = await in_database(_read, kept.session.id)
        if turn == kept.turn:
            kept.learned = learned
            return learned


def _read(session_id: bytes) -> Learned:
    rows = ClientSession.objects.filter(pk=UUID(bytes=session_id))
    row = rows.first()
    if row is None:
        return _NOTHING
    rows.filter(ended_at=None, changed_at__lt=Now() - _USED_EVERY).update(changed_at=Now())  # it is still in use
    return _learned(row)


@transaction.atomic
def _write(session_id: bytes, token_id: UUID, change: Callable[[ClientSession], None]) -> Learned:
    """Two processes may change one session at once, so the row is locked in between."""
    row_id = UUID(bytes=session_id)
    ClientSession.objects.get_or_create(pk=row_id, defaults={"token_id": token_id})
    row = ClientSession.objects.select_for_update().get(pk=row_id)
    change(row)
    row.changed_at = Now()
    row.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [SESSION_CHANNEL, str(row_id)])
    return _learned(ClientSession.objects.get(pk=row_id))
