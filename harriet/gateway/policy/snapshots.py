"""The snapshots of one process: loaded when the database has moved on, trusted while it was heard from lately."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic, time
from uuid import UUID

from django.db import Error as DatabaseError

from harriet.gateway.policy.compile import compile_snapshot
from harriet.gateway.policy.principal import load_fetched_principal
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.view import may_enter
from harriet.gateway.processes.background import Background
from harriet.gateway.processes.database import in_database
from harriet.gateway.processes.notifications import Look
from harriet.people.tokens import PREFIXES, hash_token

log = logging.getLogger(__name__)

STALE_AFTER = 10.0
"""Seconds without a word from the database after which no call is decided any more."""
_FETCHED = (PREFIXES["oauth"], PREFIXES["agent"])
"""How the tokens begin that clients and workloads fetch by themselves."""
LONGEST_TOKEN = 100
"""Characters of a token that is looked up."""


class Snapshots:
    """What is known of every organization and since when, and the database's time. Used from one event loop alone."""

    def __init__(self, background: Background, reloaded: Callable[[str], None]) -> None:
        """`reloaded` is told the slug of an organization whose snapshot was replaced."""
        self._background, self._reloaded = background, reloaded
        self.by_slug: dict[str, Snapshot] = {}
        self.get = self.by_slug.get
        self._slugs: dict[UUID, str] = {}
        self._confirmed: dict[str, float] = {}
        """When each was last known to be current, on our monotonic clock."""
        self._reloading: set[UUID] = set()
        self._again: set[UUID] = set()
        self._clock, self._unix_clock = (monotonic(), datetime.now(UTC)), (monotonic(), time())
        """A moment of our monotonic clock, and the database's time at it."""
        self._has_looked = False
        self._loaded = asyncio.Event()

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

    def is_ready(self) -> bool:
        return self._loaded.is_set() and monotonic() - self._clock[0] <= STALE_AFTER / 2

    async def wait_until_loaded(self, seconds: float) -> None:
        """Returns once the first snapshots are loaded, and after so many seconds without them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._loaded.wait()

    def has_access(self, slug: str, token_id: UUID, profile_id: UUID) -> bool:
        """False when it is known that the token may no longer use the profile."""
        if not self.is_fresh(slug):
            return True  # nothing is known; nothing new is let through meanwhile
        snapshot = self.get(slug)
        principal = snapshot.principal_of(token_id) if snapshot is not None else None
        profile = snapshot.profile_of(profile_id) if snapshot is not None else None
        if principal is None or profile is None or principal.expires_at <= self.now():
            return False
        return may_enter(principal, profile)

    def ages(self) -> dict[str, float]:
        """Seconds since each organization's snapshot was last known to be current."""
        now = monotonic()
        return {slug: now - confirmed for slug, confirmed in self._confirmed.items()}

    def looked(self, look: Look) -> None:
        """Takes over the database's time, and loads what has moved on."""
        self._clock, self._unix_clock = (look.began, look.now), (look.began, look.now.timestamp())
        for organization_id, number in look.numbers.items():
            snapshot = self._of(organization_id)
            if snapshot is not None and snapshot.number >= number:
                self._confirmed[snapshot.facts.slug] = look.began
            else:
                self.reload(organization_id)
        for organization_id in self._slugs.keys() - look.numbers.keys():
            self._forget(organization_id)
        self._has_looked = True
        self._note_loaded()

    def reload(self, organization_id: UUID) -> None:
        """In the background, and once more when the organization moves on meanwhile."""
        if organization_id in self._reloading:
            self._again.add(organization_id)
            return
        self._reloading.add(organization_id)
        self._background.run(self._reload_until_current(organization_id))

    async def load(self, organization_id: UUID) -> Snapshot | None:
        """None when the organization is gone."""
        began = monotonic()
        before = self._of(organization_id)
        snapshot = await in_database(compile_snapshot, organization_id, before)
        if snapshot is not None:
            await self._admit_again(before, snapshot)
        self._forget(organization_id)
        if snapshot is not None:
            slug = snapshot.facts.slug
            self.by_slug[slug] = snapshot
            self._slugs[organization_id] = slug
            self._confirmed[slug] = began
            self._reloaded(slug)
        return snapshot

    async def admit(self, slug: str, token: str) -> bool:
        """Looks a token up that the snapshot doesn't know, of a connected app or a workload, which fetch theirs by
        themselves; and keeps its bearer until the next one.
        Only in the snapshot that was asked: a revocation moves the version, and the next snapshot comes without it."""
        snapshot = self.get(slug)
        if snapshot is None or not token.startswith(_FETCHED) or len(token) > LONGEST_TOKEN:
            return False
        found = await in_database(load_fetched_principal, snapshot.facts, hash_token(token))
        snapshot.admit(found)
        return bool(found)

    async def _admit_again(self, before: Snapshot | None, snapshot: Snapshot) -> None:
        """A token may have come after the facts that are new now: whoever was let in with it isn't put out."""
        keys = before.admitted.keys() - snapshot.principals.keys() if before is not None else ()
        for key in keys:
            snapshot.admit(await in_database(load_fetched_principal, snapshot.facts, key))

    async def _reload_until_current(self, organization_id: UUID) -> None:
        try:
            while True:
                self._again.discard(organization_id)
                await self.load(organization_id)
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

    def _forget(self, organization_id: UUID) -> None:
        snapshot = self._of(organization_id)
        self._slugs.pop(organization_id, None)
        if snapshot is not None:
            self.by_slug.pop(snapshot.facts.slug, None)
            self._confirmed.pop(snapshot.facts.slug, None)

    def _of(self, organization_id: UUID) -> Snapshot | None:
        """Another organization may have its old slug by now."""
        snapshot = self.get(self._slugs.get(organization_id, ""))
        return snapshot if snapshot is not None and snapshot.facts.id == organization_id else None
