"""An answer that AsyncEgress got: its head, and a body to be read within a cap on decoded bytes."""

from collections.abc import AsyncIterator
from contextlib import suppress

from harriet.lib.egress.body import CappedBody
from harriet.lib.egress.connection import Connection, Disconnected, Headers
from harriet.lib.egress.errors import EgressBroken, too_large

_AHEAD = 16
"""Times what is wanted, so that the chunk which goes beyond it is still taken."""


class Response:
    """Status, headers, and the body while its exchange lasts."""

    __slots__ = ("_connection", "_host", "headers", "status")

    def __init__(self, connection: Connection, host: str) -> None:
        """Of a connection that has the head of the answer."""
        self._connection: Connection | None = connection
        self._host = host
        self.status = connection.status
        self.headers: Headers = connection.headers
        """Names in any case."""

    async def read(self, max_bytes: int) -> bytes:
        """The whole body, decoded. Raises EgressBroken beyond the cap, or when the answer breaks off."""
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or "content-encoding" in self.headers:
            return b"".join([chunk async for chunk in self.iter_chunks(max_bytes)])
        if int(length) > max_bytes:
            raise too_large(self._host, max_bytes)
        try:
            return await self._live().whole()  # the parser takes no more than the length
        except Disconnected:
            raise self._broke_off() from None

    async def read_into(self, found: bytearray, max_bytes: int) -> None:
        """Adds as much of the body as there is, up to the cap: for what is read only to be quoted. Whoever stops
        waiting keeps what has come."""
        with suppress(EgressBroken):
            async for chunk in self.iter_chunks(_AHEAD * max_bytes):
                found += chunk
                if len(found) >= max_bytes:
                    break

    async def iter_chunks(self, max_bytes: int) -> AsyncIterator[bytes]:
        """The body, decoded, as it comes. Raises EgressBroken beyond the cap, or when the answer breaks off."""
        body = CappedBody(self._host, self.headers.joined("content-encoding"), max_bytes)
        try:
            while chunk := await self._live().chunk():
                for piece in body.feed(chunk):
                    yield piece
        except Disconnected:
            raise self._broke_off() from None

    def leave(self) -> None:
        """Nothing can be read any more: the connection serves others from now on."""
        self._connection = None

    def _live(self) -> Connection:
        if self._connection is None:
            raise Disconnected
        return self._connection

    def _broke_off(self) -> EgressBroken:
        return EgressBroken(f"{self._host} broke off in the middle of its answer.")
