"""Slows whoever tries one token after another. Tokens are too long to be guessed; this keeps the attempt from being
free.

Only the refusal waits: a valid token from the same address is served at once, so nobody can lock a person out. The same
wrong token again is no new guess: a client with an expired one may ask as often as it likes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from django.conf import settings

from harriet.gateway.http.asgi import Message, Scope, Send
from harriet.gateway.http.bearer import token_in
from harriet.gateway.http.exchange import joined
from harriet.lib.http.client_addresses import client_of, group_of
from harriet.people.tokens import hash_token

FREE = 20
"""Wrong tokens that an address may try at once before it waits."""
EACH = 0.25
"""Seconds from one to the next after that."""
LONGEST = 5.0
"""Seconds that a refusal waits at most, however many are tried at once."""
MOST_ADDRESSES = 10_000
"""That are remembered; the one that tried longest ago is forgotten first."""
_REMEMBERED = 32
"""Wrong tokens of an address, of which none is a new guess."""


@dataclass(slots=True)
class _Guesser:
    even_at: float = 0.0
    """When all that was tried will have been paid for."""
    tried: deque[bytes] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


class Guesses:
    """Wrong tokens by address: who guesses waits, longer each time."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._guessers: OrderedDict[str, _Guesser] = OrderedDict()

    def __len__(self) -> int:
        return len(self._guessers)

    def wait_for(self, address: str, token: str) -> float:
        """Seconds that the refusal of this token should wait."""
        guesser = self._guessers.setdefault(address, _Guesser())
        self._guessers.move_to_end(address)
        if len(self._guessers) > MOST_ADDRESSES:
            self._guessers.popitem(last=False)
        key = hash_token(token)[:8]
        if key in guesser.tried:
            return 0.0
        guesser.tried.append(key)
        now, free = self._clock(), FREE * EACH
        guesser.even_at = min(max(guesser.even_at, now) + EACH, now + free + LONGEST)
        return max(guesser.even_at - now - free, 0.0)

    async def slow(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Before a refusal of the token in these headers, if there is one."""
        token = token_in(headers)
        seconds = self.wait_for(_address(scope, headers), token) if token else 0.0
        if seconds:
            await asyncio.sleep(seconds)

    def slowing(self, scope: Scope, send: Send) -> Send:
        """The same for an application that answers 401 by itself."""
        headers = dict(scope["headers"])
        if b"authorization" not in headers:
            return send

        async def slowed(message: Message) -> None:
            if message.get("status") == 401:
                await self.slow(scope, headers)
            await send(message)

        return slowed


def _address(scope: Scope, headers: Mapping[bytes, bytes]) -> str:
    peer = (scope.get("client") or ("",))[0]
    forwarded = joined(scope, headers, b"x-forwarded-for").decode("latin-1")
    return group_of(client_of(peer, forwarded, settings.ALLAUTH_TRUSTED_PROXY_COUNT))
