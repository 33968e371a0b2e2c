"""The snapshots of one process: loaded when their organization is first called and when it has moved on, trusted while
the database was heard from lately."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic, time
from uuid import UUID

from django.db import Error as DatabaseError

from harriet.gateway.policy.callers import read_callers
from harriet.gateway.policy.compile import compile_snapshot
from harriet.gateway.policy.lookups import Lookups
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.view import may_enter
from harriet.gateway.processes.background import Background
from harriet.gateway.processes.database import in_database
from harriet.gateway.processes.notifications import Look
from harriet.people.models import Organization
from harriet.people.tokens import PREFIXES, hash_token

log = logging.getLogger(__name__)

STALE_AFTER = 10.0
"""Seconds without a word from the database after which no call is decided any more."""
FEW = 20
"""Organizations that are all loaded at the start; where there are more, each is when it is first called."""
TRY_EVERY = 1.0
"""Seconds, while the database is away at the start."""
_OPENING = tuple(PREFIXES[kind] for kind in ("device", "integration", "oauth", "agent"))
"""How the tokens begin that open the gateway."""
LONGEST_TOKEN = 100
"""Characters of a token that is looked up."""


class Snapshots:
    """What is known of the organizations that are called and since when, and the database's time. Used from one event
    loop alone."""

    def __init__(self, background: Background, reloaded: Callable[[str], None]) -> None:
        """`reloaded` is told the slug of an organization whose snapshot was replaced."""
        self._background, self._reloaded = background, reloaded
        self._lookups = Lookups()
        self.by_slug: dict[str, Snapshot] = {}
        self.get = self.by_slug.get
        self._slugs: dict[UUID, str] = {}
        self._confirmed: dict[str, float] = {}
        """When each was last known to be current, on our monotonic clock."""
        self._reloading: dict[UUID, asyncio.Future[None]] = {}
        """Those that are being loaded; each is done when that has ended."""
        self._in_doubt: set[UUID] = set()
        self._again: set[UUID] = set()
        self._clock, self._unix_clock = (monotonic(), datetime.now(UTC)), (monotonic(), time())
        """A moment of our monotonic clock, and the database's time at it."""
        self._has_begun = False
        """Those that are loaded at the start are being loaded."""
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
        principal = snapshot.callers.of_token(token_id) if snapshot is not None else None
        profile = snapshot.profile_of(profile_id) if snapshot is not None else None
        if principal is None or profile is None or principal.expires_at <= self.now():
            return False
        return may_enter(principal, profile)

    def ages(self) -> dict[str, float]:
        """Seconds since each organization's snapshot was last known to be current."""
        now = monotonic()
        return {slug: now - confirmed for slug, confirmed in self._confirmed.items()}

    def wanted(self) -> list[UUID]:
        """The organizations whose versions are looked at."""
        return list(self._slugs)

    def begin(self) -> None:
        """Once: loads the organizations, where they are few, in the background."""
        self._background.run(self._begin())

    def looked(self, look: Look) -> None:
        """Takes over the database's time, and loads what has moved on."""
        self._clock, self._unix_clock = (look.began, look.now), (look.began, look.now.timestamp())
        for organization_id, number in look.numbers.items():
            snapshot = self._of(organization_id)
            if snapshot is not None and snapshot.number >= number and organization_id not in self._in_doubt:
                self._confirmed[snapshot.facts.slug] = look.began
            else:
                self.reload(organization_id)
        for organization_id in look.wanted - look.numbers.keys():
            self._forget(organization_id)
        self._note_loaded()

    def moved(self, organization_id: UUID) -> None:
        """An organization has changed: it is loaded anew, in the background, if it is loaded or being loaded."""
        if organization_id in self._slugs or organization_id in self._reloading:
            self.reload(organization_id)

    def reload(self, organization_id: UUID) -> None:
        """In the background, and once more when the organization moves on meanwhile."""
        if organization_id in self._reloading:
            self._again.add(organization_id)
            return
        self._reloading[organization_id] = asyncio.get_running_loop().create_future()
        self._background.run(self._reload_until_current(organization_id))

    def doubt_all(self) -> None:
        """The database was away and may be another one than before, such as a copy that took over and lacks the last
        transactions: numbers of versions say nothing until each organization was looked at."""
        self._in_doubt = set(self._slugs)

    async def load(self, organization_id: UUID) -> Snapshot | None:
        """None when the organization is gone."""
        began = monotonic()
        before = self._of(organization_id)
        known = before.callers.known() if before is not None else {}
        snapshot = await in_database(compile_snapshot, organization_id, before, known)
        self._in_doubt.discard(organization_id)
        if before is not None and snapshot is not None:
            await _keep_newcomers(before, snapshot, {one.token_id for one in known.values()})
        self._forget(organization_id)
        if snapshot is not None:
            slug = snapshot.facts.slug
            self.by_slug[slug] = snapshot
            self._slugs[organization_id] = slug
            self._confirmed[slug] = began
            self._reloaded(slug)
        return snapshot

    async def admit(self, slug: str, token: str) -> Principal | None:
        """Looks a token up that the snapshot doesn't know, and keeps its bearer there. None for a token that opens
        nothing; of another organization, its bearer comes back and is kept nowhere. Raises DatabaseError.

        Only in the snapshot that was asked: a revocation moves the version, and the next snapshot comes without it."""
        if not token.startswith(_OPENING) or len(token) > LONGEST_TOKEN:
            return None
        snapshot, key = self.get(slug), hash_token(token)
        found = await self._lookups.bearer(key)
        principal = found.get(key)
        if principal is None:
            return None
        if snapshot is None:
            await self._load_first(principal.organization_id)
        elif snapshot.facts.id == principal.organization_id:
            snapshot.callers.keep(found)
        return principal

    def is_of(self, principal: Principal, slug: str) -> bool:
        """Whether that is the organization of somebody who was admitted."""
        snapshot = self.get(slug)
        return snapshot is not None and snapshot.facts.id == principal.organization_id

    async def _load_first(self, organization_id: UUID) -> None:
        """Returns when the organization is loaded; at once when it was already. Raises DatabaseError."""
        if organization_id in self._slugs:
            return
        self.reload(organization_id)
        await asyncio.shield(self._reloading[organization_id])
        if organization_id not in self._slugs:
            raise DatabaseError("The organization could not be loaded.")

    async def _begin(self) -> None:
        while True:
            try:
                few = await in_database(_first, FEW + 1)
                break
            except DatabaseError as problem:
                log.warning("Could not read which organizations there are (%s).", type(problem).__name__)
                await asyncio.sleep(TRY_EVERY)
        for organization_id in few if len(few) <= FEW else ():
            self.reload(organization_id)
        self._has_begun = True
        self._note_loaded()

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
            self._reloading.pop(organization_id).set_result(None)
            self._again.discard(organization_id)
            self._note_loaded()

    def _note_loaded(self) -> None:
        if self._has_begun and not self._reloading:
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


async def _keep_newcomers(before: Snapshot, snapshot: Snapshot, known: set[UUID]) -> None:
    """Whoever was first seen while the next snapshot was made isn't put out by it."""
    while newcomers := before.callers.tokens() - known:
        snapshot.callers.keep(await in_database(read_callers, snapshot.facts.id, newcomers))
        known |= newcomers


def _first(most: int) -> list[UUID]:
    return list(Organization.objects.order_by("created_at").values_list("pk", flat=True)[:most])
