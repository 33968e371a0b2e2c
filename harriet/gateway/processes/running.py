"""The calls in flight in this process: for cancelling one by its JSON-RPC id, for watching whether the client of a long
one is still there, and for letting them end at shutdown."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from harriet.gateway.errors import ACCESS_LOST, AccessEnded, GatewayError, RpcRefusal
from harriet.gateway.processes.notifications import CANCEL_CHANNEL
from harriet.lib.mcp.error_codes import INVALID_REQUEST

WATCH_AFTER = 0.1
"""Seconds, or up to twice as many, until a call's client is watched for going away: most calls are over by then, and
watching has a price."""

_PROCESS_ENDED = "The web process ended before the call did."
"""For the audit log."""
_IF_SENT = "If the call had been sent to its server by then, whether the server carried it out is not known."


class RequestKey(NamedTuple):
    """What a client calls a request of its own. Clients count from one, so neither the token nor the profile tells two
    of them apart; without a session a request has no name that another request could use."""

    session_id: bytes
    rpc_id: str | int


class Rights(NamedTuple):
    """On what a call rests."""

    organization: str
    """The slug."""
    token_id: UUID
    profile_id: UUID


def name_of(key: RequestKey) -> str:
    """What a cancellation calls a request towards other processes. The text "5" and the number 5 are two ids."""
    session_id, rpc_id = key
    return hashlib.sha256(session_id + type(rpc_id).__name__.encode() + str(rpc_id).encode()).hexdigest()


class AwaitedCall:
    """A call that a client waits for. `watch` is the work of watching for its going away."""

    __slots__ = ("is_taken_back", "key", "rights", "task", "watch", "watcher", "why")

    def __init__(
        self, task: asyncio.Task[Any], key: RequestKey | None, watch: Callable[[AwaitedCall], Coroutine[Any, Any, None]]
    ) -> None:
        self.task, self.key, self.watch = task, key, watch
        self.watcher: asyncio.Task[None] | None = None
        self.is_taken_back = False
        """Cancelled for the client's sake, and not because the process ends."""
        self.rights: Rights | None = None
        self.why: GatewayError | None = None
        """What the client is told, when it was not the client that took it back."""

    def take_back(self, why: GatewayError | None = None) -> None:
        self.is_taken_back, self.why = True, why
        self.task.cancel(why.message if why is not None else None)


class RunningCalls:
    """All calls of this process."""

    def __init__(self) -> None:
        self._calls: set[AwaitedCall] = set()
        self._named: dict[RequestKey, AwaitedCall] = {}
        self._fresh: dict[AwaitedCall, float] = {}
        """Those that nobody watches yet, the oldest first, and when they began."""
        self._look: asyncio.TimerHandle | None = None
        self._kept: set[asyncio.Task[Any]] = set()
        """Calls that run to their end whether or not a client still waits for them."""
        self._answering = set[asyncio.Task[Any] | None]()

    def __len__(self) -> int:
        return len(self._calls)

    def refuse_taken(self, key: RequestKey | None) -> None:
        """Raises RpcRefusal for the id of a request that still runs: a cancellation would not know which of them."""
        if key is not None and key in self._named:
            raise RpcRefusal(
                INVALID_REQUEST,
                "A request with this id still runs in this session. Give each request an id of its own.",
            )

    def begin(self, call: AwaitedCall) -> None:
        """From now on it can be cancelled, and is watched when it takes long."""
        loop = asyncio.get_running_loop()
        self._calls.add(call)
        if call.key is not None:
            self._named[call.key] = call
        self._fresh[call] = loop.time()
        if self._look is None:
            self._look = loop.call_later(WATCH_AFTER, self._watch_old)

    def end(self, call: AwaitedCall) -> None:
        self._calls.discard(call)
        self._fresh.pop(call, None)
        if call.key is not None:
            del self._named[call.key]
        if call.watcher is not None:
            call.watcher.cancel()

    def keep(self, task: asyncio.Task[Any]) -> None:
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)

    def _watch_old(self) -> None:
        """One timer for all calls, rather than one for each."""
        loop = asyncio.get_running_loop()
        limit = loop.time() - WATCH_AFTER
        for call in [call for call, began in self._fresh.items() if began <= limit]:
            del self._fresh[call]
            call.watcher = loop.create_task(call.watch(call))
        self._look = loop.call_later(WATCH_AFTER, self._watch_old) if self._fresh else None

    def cancel(self, key: RequestKey) -> bool:
        """Cancels the call of this name; False when it doesn't run here."""
        call = self._named.get(key)
        if call is not None:
            call.take_back()
        return call is not None

    def cancel_named(self, name: str) -> None:
        """The same, for a cancellation that arrived at another process."""
        for key in [key for key in self._named if name_of(key) == name]:
            self.cancel(key)

    @contextmanager
    def answers_itself(self) -> Iterator[None]:
        """The current task looks what became of its call, and checks its access after that: what has been lost is said
        there, with more than is known here, however long the look takes."""
        task = asyncio.current_task()
        self._answering.add(task)
        try:
            yield
        finally:
            self._answering.discard(task)

    def end_without_access(self, slug: str, has_access: Callable[[str, UUID, UUID], bool]) -> None:
        """An organization was loaded anew: the calls of those who lost their access end, and their clients are told."""
        for call in [call for call in self._calls if call.task not in self._answering]:
            if call.rights is not None and call.rights.organization == slug and not has_access(*call.rights):
                call.take_back(AccessEnded(ACCESS_LOST.format(_IF_SENT)))

    async def drain(self, seconds: float) -> None:
        """Waits for the calls in flight, then cancels what is left."""
        tasks = self._tasks()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        left = self._tasks()
        for task in left:
            task.cancel(_PROCESS_ENDED)
        await asyncio.gather(*left, return_exceptions=True)

    def _tasks(self) -> set[asyncio.Task[Any]]:
        return {call.task for call in self._calls} | self._kept


def tell_other_processes(name: str) -> None:
    """The call that the client takes back may run in another process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CANCEL_CHANNEL, name])
