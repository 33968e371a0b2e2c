"""Puts a bearer token on every request, because the conformance suite has no option for one. Everything else passes
byte by byte, as it comes: also the spaces around a header's value, which an HTTP library would tidy up.

    python -m tests.conformance.proxy PORT TARGET TOKEN
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from urllib.parse import urlsplit

LARGEST_HEAD = 2**17
PIECE = 2**16


class Proxy:
    """One request for each connection, so that no message has to be parsed beyond its head."""

    def __init__(self, target: str, token: str) -> None:
        url = urlsplit(target)
        self._host, self._port = url.hostname, url.port
        self._path, self._token = url.path.encode(), token.encode()

    async def serve(self, port: int) -> None:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", port, limit=LARGEST_HEAD)
        await server.serve_forever()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = self._prepared(await reader.readuntil(b"\r\n\r\n"))
            from_harriet, to_harriet = await asyncio.open_connection(self._host, self._port)
            with contextlib.closing(to_harriet):
                to_harriet.write(head)
                there = asyncio.create_task(_pipe(reader, to_harriet))
                back = asyncio.create_task(_pipe(from_harriet, writer))
                _, unfinished = await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
                for way in unfinished:
                    way.cancel()

    def _prepared(self, head: bytes) -> bytes:
        line, _, fields = head.partition(b"\r\n")
        line = re.sub(rb" /mcp(?= )", b" " + self._path, line)
        fields = re.sub(rb"(?im)^connection:[^\n]*\n", b"", fields)
        return line + b"\r\nConnection: close\r\nAuthorization: Bearer " + self._token + b"\r\n" + fields


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(PIECE):
            sink.write(piece)
            await sink.drain()


if __name__ == "__main__":
    port, target, token = sys.argv[1:]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Proxy(target, token).serve(int(port)))
