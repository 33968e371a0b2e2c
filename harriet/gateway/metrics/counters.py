"""The numbers behind /metrics: counted in plain Python, added up in Redis once a second for all processes together.

What a process counted survives it, because Redis holds the sums; losing Redis starts them at zero again, as a restart
of any counted program does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import secrets
import socket
from bisect import bisect_right
from contextlib import suppress
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from harriet.gateway.steps.stopwatch import STAGES

if TYPE_CHECKING:
    from harriet.gateway.runtime import Runtime

log = logging.getLogger(__name__)

WHOLE = "whole"
BOUNDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0),
)
"""Upper ends of the buckets in seconds. One more bucket holds what took longer."""
SHARE_EVERY = 1.0
AT_ONCE = 256
GONE_AFTER = 10
"""Seconds after which a process that no longer says anything is forgotten."""
MOST_ORGANIZATIONS = 1000

_SUMS = "harriet:metrics:sums"
_PROCESSES = "harriet:metrics:processes"


class Counts:
    """What happened in this process since it was last shared."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._times: list[list[float]] = []
        self._calls: dict[tuple[str, str, str], int] = {}
        self._buckets = [[0] * (len(BOUNDS) + 1) for _ in (*STAGES, WHOLE)]
        self._seconds = [0.0] * (len(STAGES) + 1)

    def add(self, organization: str, connector: str, outcome: str) -> None:
        """The labels are slugs that admins chose and words of ours, so there are only so many."""
        key = (organization, connector, outcome)
        self._calls[key] = self._calls.get(key, 0) + 1

    def add_times(self, spent: list[float]) -> None:
        """The seconds in each stage; zero means that the call didn't come to it."""
        self._times.append(spent)
        if len(self._times) >= AT_ONCE:
            self._sort_times()

    def _sort_times(self) -> None:
        """Into their buckets; many at once are sorted three times as fast as each by itself."""
        times, self._times = self._times, []
        for stage, seconds in enumerate((*zip(*times, strict=True), map(sum, times))):
            ordered = sorted(filter(None, seconds))
            self._seconds[stage] += sum(ordered)
            below = 0
            for bucket, bound in enumerate((*BOUNDS, inf)):
                up_to = bisect_right(ordered, bound)
                self._buckets[stage][bucket] += up_to - below
                below = up_to

    def taken(self) -> dict[str, int]:
        """What was counted, as fields of the shared sums; from here on it counts from zero."""
        if self._times:
            self._sort_times()
        fields = {f"calls|{'|'.join(key)}": number for key, number in self._calls.items()}
        for stage, name in enumerate((*STAGES, WHOLE)):
            for bucket, number in enumerate(self._buckets[stage]):
                if number:
                    fields[f"stage|{name}|{bucket}"] = number
            if micros := round(self._seconds[stage] * 1e6):
                fields[f"stage|{name}|micros"] = micros
        self._clear()
        return fields


class Shared(msgspec.Struct, frozen=True):
    """All processes' numbers."""

    sums: dict[str, int]
    processes: list[Process]


class Process(msgspec.Struct, frozen=True):
    """How one web process stands."""

    name: str
    running: int
    streams: int
    waiting: int
    queue: int
    commit_age: float | None
    rss: int
    cpu: float
    snapshot_ages: dict[str, float]


class Shelf:
    """Where this process puts its numbers, and finds those of the others."""

    def __init__(self, runtime: Runtime, counts: Counts) -> None:
        self._runtime, self._counts = runtime, counts
        self._name = secrets.token_hex(8)
        self._unsent: dict[str, int] = {}
        self._is_lasting = False
        self._was_away = False
        self._redis: Redis | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._is_lasting = True
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._is_lasting = False
        await self._share_if_possible()
        if self._redis is not None:
            await self._redis.aclose()

    async def share(self) -> None:
        """Adds what was counted to the sums. Raises RedisError or OSError; the next attempt then adds it."""
        for field, number in self._counts.taken().items():
            self._unsent[field] = self._unsent.get(field, 0) + number
        if not self._unsent and not self._is_lasting:
            return
        async with self._client().pipeline(transaction=True) as pipe:
            for field, number in self._unsent.items():
                pipe.hincrby(_SUMS, field, number)
            if self._is_lasting:
                pipe.set(f"{_PROCESSES}:{self._name}", msgspec.json.encode(standing(self._runtime)), ex=GONE_AFTER)
                pipe.sadd(_PROCESSES, self._name)
            await pipe.execute()
        self._unsent = {}

    async def shared(self) -> Shared:
        """Raises RedisError or OSError."""
        redis = self._client()
        sums: dict[bytes, bytes] = await redis.hgetall(_SUMS)  # type: ignore[misc]
        names = sorted(name.decode() for name in await redis.smembers(_PROCESSES))  # type: ignore[misc]
        found = await redis.mget([f"{_PROCESSES}:{name}" for name in names]) if names else []
        gone = [name for name, raw in zip(names, found, strict=True) if raw is None]
        if gone:
            await redis.srem(_PROCESSES, *gone)  # type: ignore[misc]
        processes = [msgspec.json.decode(raw, type=Process) for raw in found if raw is not None]
        return Shared({field.decode(): int(number) for field, number in sums.items()}, processes)

    def _client(self) -> Redis:
        if self._redis is None:
            self._redis = Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5)
        return self._redis

    async def _run(self) -> None:
        while True:
            await self._share_if_possible()
            await asyncio.sleep(SHARE_EVERY)

    async def _share_if_possible(self) -> None:
        try:
            await self.share()
            self._was_away = False
        except (RedisError, OSError) as problem:
            if not self._was_away:
                log.warning("The metrics wait for Redis (%s).", type(problem).__name__)
            self._was_away = True


def standing(runtime: Runtime) -> Process:
    used = resource.getrusage(resource.RUSAGE_SELF)
    committed = runtime.audit.committed_at
    ages = runtime.snapshot_ages()
    oldest = sorted(ages, key=ages.__getitem__, reverse=True)[:MOST_ORGANIZATIONS] if ages else []
    return Process(
        name=f"{socket.gethostname()}:{os.getpid()}",
        running=len(runtime.running),
        streams=len(runtime.hub),
        waiting=len(runtime.waiters),
        queue=runtime.audit.waiting,
        commit_age=monotonic() - committed if committed else None,
        rss=_resident(),
        cpu=used.ru_utime + used.ru_stime,
        snapshot_ages={slug: round(ages[slug], 3) for slug in oldest},
    )


def _resident() -> int:
    """Bytes of memory; where there is no /proc, the most that it ever was."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
