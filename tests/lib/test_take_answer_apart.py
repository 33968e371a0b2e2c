"""The asynchronous face's own client, against servers that answer byte by byte, too much, or in another's place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from harriet.lib.egress import AsyncEgress, EgressFailed, Reach

LOCAL = Reach(allow_internal=True, internal_hosts=("127.0.0.1",))
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: first\r\nX-Name: second\r\n\r\nok"


class Server:
    """Answers each request with the next of these pieces, one write a piece."""

    def __init__(self, *answers: list[bytes]) -> None:
        self.answers = list(answers)
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(2)
            for piece in self.answers.pop(0):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if not self.answers:
                writer.close()
                return


@asynccontextmanager
async def serving(*answers: list[bytes]) -> AsyncIterator[tuple[Server, AsyncEgress, str]]:
    server, egress = Server(*answers), AsyncEgress()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    try:
        yield server, egress, f"http://{host}:{port}/"
    finally:
        await egress.close()
        listening.close()


async def body_of(egress: AsyncEgress, url: str) -> bytes:
    async with egress.request("POST", url, reach=LOCAL, deadline=5, data=b"{}") as response:
        assert response.status == 200
        return await response.read(1_000_000)


@pytest.mark.parametrize(
    "answer",
    [
        FINE,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + FINE,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nX-Last: z\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nok",
    ],
)
async def test_an_answer_may_come_in_any_pieces(answer: bytes) -> None:
    async with serving([answer[i : i + 1] for i in range(len(answer))]) as (_, egress, url):
        assert await body_of(egress, url) == b"ok"


async def test_names_of_headers_come_in_any_case_and_the_first_value_counts() -> None:
    async with (
        serving([FINE]) as (_, egress, url),
        egress.request("POST", url, reach=LOCAL, deadline=5, data=b"{}") as response,
    ):
        assert response.headers["x-NAME"] == "first"
        assert "x-name" in response.headers


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"garbage"])
async def test_what_nobody_asked_for_is_nobodys_answer(more: bytes) -> None:
    async with serving([FINE + more], [FINE]) as (server, egress, url):
        assert [await body_of(egress, url), await body_of(egress, url)] == [b"ok", b"ok"]
        assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 300_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
    ],
)
async def test_what_is_ambiguous_endless_or_cut_off_is_no_answer(answer: bytes) -> None:
    async with serving([answer]) as (_, egress, url):
        with pytest.raises(EgressFailed):
            await body_of(egress, url)


async def test_who_left_an_answer_reads_nothing_of_the_next_one() -> None:
    async with serving([FINE], [FINE]) as (server, egress, url):
        async with egress.request("POST", url, reach=LOCAL, deadline=5, data=b"{}") as left:
            await left.read(100)
        async with egress.request("POST", url, reach=LOCAL, deadline=5, data=b"{}") as response:
            with pytest.raises(EgressFailed):
                await left.read(100)
            assert await response.read(100) == b"ok"
        assert server.connections == 1


async def test_a_large_body_waits_for_its_reader_and_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with (
        serving([head, body]) as (_, egress, url),
        egress.request("POST", url, reach=LOCAL, deadline=20, data=b"{}") as response,
    ):
        chunks = [chunk async for chunk in response.iter_chunks(len(body))]
    assert b"".join(chunks) == body
    assert len(chunks) > 1


async def test_a_connection_that_had_to_wait_takes_the_next_request() -> None:
    """The body arrives whole while nobody reads: the connection is used again, and must listen again."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % 400_000
    async with serving([head + bytes(400_000)], [FINE], [FINE]) as (server, egress, url):
        async with egress.request("POST", url, reach=LOCAL, deadline=5, data=b"{}") as response:
            await asyncio.sleep(0.2)
            assert len(await response.read(1_000_000)) == 400_000
        for _ in range(2):
            assert await body_of(egress, url) == b"ok"
        assert server.connections == 1
