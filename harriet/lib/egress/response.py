"""An answer of the asynchronous face: its head, and a body to be read within a cap on decoded bytes."""

from collections.abc import AsyncIterator, Mapping

import aiohttp
from aiohttp.connector import Connection
from multidict import CIMultiDict

from harriet.lib.egress.body import CappedBody
from harriet.lib.egress.errors import EgressBroken, too_large


class Response:
    __slots__ = ("_connection", "_content", "_host", "headers", "status")

    def __init__(self, connection: Connection, host: str) -> None:
        self._connection = connection
        self._host = host
        self._content: aiohttp.StreamReader
        self.status = 0
        self.headers: Mapping[str, str] = CIMultiDict()
        """Names in any case."""

    def put(self, request: bytes, *, has_body: bool) -> None:
        """Sends the request. Nothing waits here: no frame that a traceback may show holds what was sent."""
        protocol = self._connection.protocol
        if protocol is None or protocol.transport is None:
            raise aiohttp.ServerDisconnectedError
        protocol.set_response_params(read_until_eof=True, auto_decompress=False, skip_payload=not has_body)
        protocol.transport.write(request)

    async def begin(self) -> None:
        """Waits for the head of the answer."""
        protocol = self._connection.protocol
        if protocol is None:
            raise aiohttp.ServerDisconnectedError
        while self.status < 200:  # 1xx answers announce the one that counts
            message, self._content = await protocol.read()
            self.status, self.headers = message.code, message.headers

    async def read(self, max_bytes: int) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or "Content-Encoding" in self.headers:
            return b"".join([chunk async for chunk in self.iter_chunks(max_bytes)])
        if int(length) > max_bytes:
            raise too_large(self._host, max_bytes)
        try:
            return await self._content.read()  # the parser takes no more than the length
        except (aiohttp.ClientError, OSError):
            raise self._broke_off() from None

    async def iter_chunks(self, max_bytes: int) -> AsyncIterator[bytes]:
        body = CappedBody(self._host, self.headers.get("Content-Encoding"), max_bytes)
        try:
            while chunk := await self._content.readany():
                for piece in body.feed(chunk):
                    yield piece
        except (aiohttp.ClientError, OSError):
            raise self._broke_off() from None

    async def iter_lines(self, max_bytes: int) -> AsyncIterator[bytes]:
        """Lines without their ends."""
        rest = b""
        async for chunk in self.iter_chunks(max_bytes):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.removesuffix(b"\r")
        if rest:
            yield rest

    def _broke_off(self) -> EgressBroken:
        return EgressBroken(f"{self._host} broke off in the middle of its answer.")

    def release(self) -> None:
        """Gives the connection back to be used again; one whose answer was not read to its end is closed."""
        self._connection.release()

    def abandon(self) -> None:
        self._connection.close()
