"""All processes' numbers: each adds what it counted to sums in Redis once a second, and says how it stands.

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
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
from django.conf import settings
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from redis.exceptions import RedisError

from audit.writing.writer import AuditWriter
from harriet.gateway.metrics.counters import CallCounts
from harriet.gateway.processes.background import LastingTask

log = logging.getLogger(__name__)

SHARE_EVERY = 1.0
"""Seconds."""
GONE_AFTER = 10
"""Seconds after which a process that no longer says anything is forgotten."""
MOST_ORGANIZATIONS = 1000
"""Whose snapshots' ages a process tells: the oldest."""

_SUMS = "harriet:metrics:sums"
_PROCESSES = "harriet:metrics:processes"


class ProcessStanding(msgspec.Struct, frozen=True):
    """How one web process stands."""

    name: str
    running: int
    """Calls under way."""
    streams: int
    """On which clients listen."""
    waiting: int
    """Held calls whose client waits for the decision."""
    queue: int
    """Events that wait for the audit log."""
    commit_age: float | None
    """Seconds since the process last wrote to it; None before the first time."""
    rss: int
    """Bytes of memory."""
    cpu: float
    """Seconds."""
    snapshot_ages: dict[str, float]
    """Seconds, of the organizations whose snapshots are oldest, by slug."""
    streams_of: dict[str, int] = {}
    """Streams by the slugs of the organizations that have any here."""


class Shared(msgspec.Struct, frozen=True):
    """All processes' numbers."""

    sums: dict[str, int]
    processes: list[ProcessStanding]


class Shelf:
    """Where this process puts its numbers, and finds those of the others."""

    def __init__(self, counts: CallCounts, standing: Callable[[], ProcessStanding]) -> None:
        """`standing` looks how this process stands."""
        self._counts, self._standing = counts, standing
        self._name = secrets.token_hex(8)
        self._unsent: dict[str, int] = {}
        self._is_lasting = False
        self._was_away = False
        self._redis: Redis | None = None
        self._task = LastingTask()

    def start(self) -> None:
        self._is_lasting = True
        self._task.start(self._run())

    async def stop(self) -> None:
        await self._task.stop()
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
                pipe.set(f"{_PROCESSES}:{self._name}", msgspec.json.encode(self._standing()), ex=GONE_AFTER)
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
        processes = [msgspec.json.decode(raw, type=ProcessStanding) for raw in found if raw is not None]
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


def streams_in(slug: str) -> int | None:
    """On how many streams clients of an organization listen, as the processes said within the last seconds. None where
    they don't say it, because nobody reads metrics; and when Redis, through which they do, does not answer."""
    if not settings.METRICS_TOKEN:
        return None
    client: Any = SyncRedis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        names = sorted(name.decode() for name in client.smembers(_PROCESSES))
        found = client.mget([f"{_PROCESSES}:{name}" for name in names]) if names else []
    except (RedisError, OSError):
        return None
    finally:
        client.close()
    told = [msgspec.json.decode(raw, type=ProcessStanding) for raw in found if raw is not None]
    return sum(one.streams_of.get(slug, 0) for one in told)


def standing(
    audit: AuditWriter,
    ages: Mapping[str, float],
    *,
    running: int,
    streams: Mapping[str, int],
    waiting: int,
) -> ProcessStanding:
    """`ages`: seconds since each organization's snapshot was last known to be current, by slug."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    oldest = sorted(ages, key=ages.__getitem__, reverse=True)[:MOST_ORGANIZATIONS] if ages else []
    return ProcessStanding(
        name=f"{socket.gethostname()}:{os.getpid()}",
        running=running,
        streams=sum(streams.values()),
        streams_of=dict(streams),
        waiting=waiting,
        queue=audit.waiting,
        commit_age=monotonic() - audit.committed_at if audit.committed_at else None,
        rss=_resident(),
        cpu=used.ru_utime + used.ru_stime,
        snapshot_ages={slug: round(ages[slug], 3) for slug in oldest},
    )


def _resident() -> int:
    """Bytes of memory; where there is no /proc, the most that it ever was."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
