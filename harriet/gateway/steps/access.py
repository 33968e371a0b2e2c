"""Step ⑥, for connectors that sign in by OAuth: whose access token goes with a call, found without the database while
it is good.

Kept are sealed tokens, opened for one call each. A token is looked for anew when it is due, when a server refused it,
and when the organization's version has moved: a connection that was ended is in no process's memory a second later.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from uuid import UUID

from django.db import DatabaseError, connection

from harriet.lib.redaction.redactor import Redactor
from vault.errors import NotNow
from vault.oauth.apart import Which, which
from vault.oauth.tokens import SealedAccess
from vault.oauth.whose import access_for
from vault.open import Opener
from vault.opened import OpenCredential
from vault.stored import SealedCredential
from vault.types.oauth import sent_with

AT_ONCE = 32
"""Grants that one process looks for side by side: each may wait for a slow provider."""
_KEPT = 20_000
"""Tokens; one takes about a kilobyte."""
_REDACTORS = 4096


class _Kept(NamedTuple):
    access: SealedAccess
    number: int
    """Of the snapshot for which it was found."""


class Accesses:
    """Used from the event loop alone; what needs the database or a provider runs in threads."""

    def __init__(self, unix_now: Callable[[], float]) -> None:
        self._unix_now = unix_now
        self._kept: OrderedDict[Which, _Kept] = OrderedDict()
        self._looking: dict[tuple[Which, int, int], asyncio.Future[SealedAccess]] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._redactors: OrderedDict[tuple[UUID, int], Redactor] = OrderedDict()

    async def of(
        self, sealed: SealedCredential, user_id: UUID | None, number: int, *, refused: SealedAccess | None = None
    ) -> SealedAccess:
        """The token for this caller by the snapshot of that number; another than the `refused` one, if there is any.

        Raises TokenProblem: nothing has left then.
        """
        key = key_of(sealed, user_id)
        kept = self._kept.get(key)
        if kept is not None and refused is None and kept.number == number and self._is_good(kept.access):
            return kept.access
        access = await self._looked_for(key, sealed, number, refused)
        self._kept[key] = _Kept(access, number)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return access

    def _is_good(self, access: SealedAccess) -> bool:
        until = min(access.expires_at, access.next_refresh_at or access.expires_at)
        return until.timestamp() > self._unix_now()

    async def _looked_for(
        self, key: Which, sealed: SealedCredential, number: int, refused: SealedAccess | None
    ) -> SealedAccess:
        """Calls that come together wait for one look, which goes on when one of them goes away."""
        rejected = refused.generation if refused is not None else None
        which = (key, number, rejected or 0)
        looking = self._looking.get(which)
        if looking is None:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="access")
            loop = asyncio.get_running_loop()
            looking = loop.run_in_executor(self._threads, _look, sealed, key.user_id, rejected)
            self._looking[which] = looking
            looking.add_done_callback(lambda done: self._looked(which, done))
        return await asyncio.shield(looking)

    def _looked(self, which: tuple[Which, int, int], done: asyncio.Future[SealedAccess]) -> None:
        self._looking.pop(which, None)
        if not done.cancelled():
            done.exception()  # whoever waited has it; when they all went away nobody misses it

    def redactor(self, access: SealedAccess, credential: OpenCredential) -> Redactor:
        """Built once for each token."""
        key = (access.grant_id, access.generation)
        found = self._redactors.get(key)
        if found is None:
            found = self._redactors[key] = Redactor(credential.secrets)
            if len(self._redactors) > _REDACTORS:
                self._redactors.popitem(last=False)
        return found

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


def opened_with(access: SealedAccess, opener: Opener) -> OpenCredential:
    """To be used as `with opened_with(…) as credential`. Raises CannotOpen."""
    return sent_with(access.opened(opener))


def key_of(sealed: SealedCredential, user_id: UUID | None) -> Which:
    """Whose token goes with a call of this person."""
    return which(sealed.type, sealed.placement, sealed.oauth_client_id or sealed.credential_id, user_id)


def _look(sealed: SealedCredential, user_id: UUID | None, rejected: int | None) -> SealedAccess:
    try:
        return access_for(sealed, user_id, rejected_generation=rejected)
    except DatabaseError:
        raise NotNow(
            "Harriet's database can't be asked at the moment. Try again in a moment.",
            client_id=sealed.oauth_client_id or sealed.credential_id,
            connector_id=sealed.connector_id,
        ) from None
    finally:
        connection.close()
