"""One process asks another and follows its answers: each hears of the other's end, and nobody works for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from django.conf import settings
from redis.asyncio import Redis

from harriet.gateway.processes.follow import Correspondence, Following, ProcessGone
from harriet.gateway.processes.mailbox import Mailbox

SOON = 60
"""Seconds, for a machine that is slow."""
FOR_EVER = 3600.0


class Wish(msgspec.Struct):
    ticket: str
    process: str


class Word(msgspec.Struct):
    ticket: str
    text: str


WORDS = Correspondence(
    ask="wish",
    back="word",
    leave="leave",
    encode=msgspec.json.encode,
    question_in=msgspec.json.Decoder(Wish).decode,
    answer_in=msgspec.json.Decoder(Word).decode,
)


class Pair:
    """Two processes of which this one asks and the other one works."""

    def __init__(self, texts: list[str], *, then: float = 0.0, look_every: float = 5.0) -> None:
        """It says these words and then works on, for so many seconds."""
        self._texts, self._then = texts, then
        self.here, self.there = Mailbox(), Mailbox()
        self.asking = Following(self.here, WORDS, self._work, look_every=look_every)
        self.working = Following(self.there, WORDS, self._work, look_every=look_every)
        self.wish = Wish("a-ticket", self.here.process)
        self.why: tuple[str, ...] = ()
        self.has_stopped = asyncio.Event()
        self.has_ended = asyncio.Event()

    async def _work(self, wish: Wish) -> None:
        try:
            for text in self._texts:
                assert await self.working.tell(wish.process, Word(wish.ticket, text))
            await asyncio.sleep(self._then)
            self.has_ended.set()
        except asyncio.CancelledError as told:
            self.why = told.args
            self.has_stopped.set()
            raise


@asynccontextmanager
async def started(pair: Pair) -> AsyncIterator[Pair]:
    for box in (pair.here, pair.there):
        box.start()
        while not await box.send(box.process, "hello", b""):
            await asyncio.sleep(0.01)
    try:
        yield pair
    finally:
        await pair.here.stop()
        await pair.there.stop()


async def within(seconds: float, work: Awaitable[object]) -> None:
    async with asyncio.timeout(seconds):
        await work


async def test_the_last_answer_ends_it_and_nothing_more_is_sent() -> None:
    heard: list[object] = []
    async with (
        started(Pair(["one", "two", "end"])) as pair,
        Redis.from_url(settings.REDIS_URL) as redis,
        redis.pubsub(ignore_subscribe_messages=True) as wire,
    ):
        await wire.subscribe(address := f"harriet:gateway:{pair.there.process}", "that is all")
        async with pair.asking.asking(pair.there.process, pair.wish, seconds=SOON) as following:
            assert [(await following()).text for _ in range(3)] == ["one", "two", "end"]
        await within(SOON, pair.has_ended.wait())
        await redis.publish("that is all", b"")
        async for message in wire.listen():
            heard.append(message["channel"].decode())
            if heard[-1] == "that is all":
                break
    assert heard == [address, "that is all"], "the question alone was sent"
    assert not pair.has_stopped.is_set()


async def fail() -> None:
    raise OSError("the client of this process has gone")


async def be_cancelled() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("end", "why"), [(fail, OSError), (be_cancelled, asyncio.CancelledError)], ids=["fails", "is cancelled"]
)
async def test_when_whoever_follows_ends_the_work_does(
    end: Callable[[], Awaitable[None]], why: type[BaseException]
) -> None:
    async with started(Pair(["one"], then=FOR_EVER)) as pair:
        with pytest.raises(why):
            async with pair.asking.asking(pair.there.process, pair.wish) as following:
                assert (await following()).text == "one"
                await end()
        await within(SOON, pair.has_stopped.wait())
    assert "Nobody waited for the call any more" in pair.why[0], "which the audit log tells"


async def test_when_the_time_is_over_the_work_ends_too() -> None:
    """Its client is told that nothing is known of it, so nobody would hear what comes after that."""
    async with started(Pair([], then=FOR_EVER)) as pair:
        with pytest.raises(ProcessGone):
            async with pair.asking.asking(pair.there.process, pair.wish, seconds=0.5) as following:
                await following()
        await within(SOON, pair.has_stopped.wait())


async def test_a_process_that_ends_is_missed() -> None:
    async with started(Pair(["one"], then=FOR_EVER, look_every=0.2)) as pair:
        with pytest.raises(ProcessGone):
            async with pair.asking.asking(pair.there.process, pair.wish) as following:
                assert (await following()).text == "one"
                await pair.there.stop()
                await following()


async def test_an_address_where_nobody_lives_is_told_at_once() -> None:
    async with started(Pair([])) as pair:
        with pytest.raises(ProcessGone):
            async with pair.asking.asking("0" * 16, pair.wish):
                raise AssertionError("nobody is there")
