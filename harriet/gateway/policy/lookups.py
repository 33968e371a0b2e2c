"""Who holds a token that no snapshot knows: asked of the database, many tokens at once when many come at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from harriet.gateway.policy.principal import Principal, bearers_of
from harriet.gateway.processes.database import in_database

MOST_AT_ONCE = 500
"""Tokens of one question."""
QUESTIONS = 2
"""Under way at a time: whoever guesses tokens takes no more of the database than that."""

Found = Mapping[bytes, Principal]


class _Question:
    """Who holds any of these."""

    def __init__(self, key: bytes, ask: Callable[[_Question], Coroutine[Any, Any, Found]]) -> None:
        self.hashes = {key}
        self.answer = asyncio.ensure_future(ask(self))


class Lookups:
    """Used from one event loop alone."""

    def __init__(self) -> None:
        self._next: _Question | None = None
        """Not asked yet: whoever comes meanwhile is asked for with it."""
        self._turns = asyncio.Semaphore(QUESTIONS)

    async def bearer(self, key: bytes) -> Found:
        """The bearer of the token with this hash, in whichever organization, by the hashes of all its secrets; as it is
        at some moment after this was asked. Empty for nobody. Raises DatabaseError."""
        question = self._next
        if question is None or len(question.hashes) >= MOST_AT_ONCE:
            question = self._next = _Question(key, self._ask)
        question.hashes.add(key)
        found = await asyncio.shield(question.answer)
        principal = found.get(key)
        if principal is None:
            return {}
        return {one: bearer for one, bearer in found.items() if bearer.token_id == principal.token_id}

    async def _ask(self, question: _Question) -> Found:
        async with self._turns:
            if self._next is question:
                self._next = None
            return await in_database(bearers_of, question.hashes)
