"""The group commit: many writers, few commits; durable when it returns; nothing lost or doubled with its connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest
from django.conf import settings

from audit.errors import AuditUnavailable
from audit.event_body import NewEvent
from audit.events import CALL_OUTCOME
from audit.models import Event, Unsealed
from audit.writing.event_connection import MOST_INSERTED, EventConnection
from audit.writing.writer import AuditWriter
from tests.stage.events import ACME, call_event

pytestmark = pytest.mark.django_db(transaction=True)

Story = Callable[[AuditWriter], Awaitable[None]]
NOWHERE = "postgresql://harriet@127.0.0.1:1/harriet"


@asynccontextmanager
async def a_writer(conninfo: str = "", **options: float) -> AsyncIterator[AuditWriter]:
    writer = AuditWriter(conninfo or settings.DATABASE_URL, **({"patience": 30} | options))  # type: ignore[arg-type]
    await writer.start()
    try:
        yield writer
    finally:
        await writer.stop()


def tell(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


async def end_connection_of_writer() -> int:
    async with await psycopg.AsyncConnection.connect(settings.DATABASE_URL, autocommit=True) as connection:
        cursor = await connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'harriet audit writer' AND datname = current_database()"
        )
        row = await cursor.fetchone()
        return int(row[0]) if row else 0


def test_what_is_written_is_durable_when_it_returns() -> None:
    event = call_event()

    async def story() -> None:
        async with a_writer() as writer:
            await writer.write(event)
            async with await psycopg.AsyncConnection.connect(settings.DATABASE_URL) as other:
                cursor = await other.execute("SELECT body FROM audit_event WHERE id = %s", [event.id])
                assert await cursor.fetchone() == (event.body.decode(),)

    tell(story)
    stored = Event.objects.get()
    assert all(getattr(stored, name) == getattr(event, name) for name in event._fields if name not in ("body", "mac"))
    assert bytes(stored.mac) == event.mac
    assert Unsealed.objects.get().event_id == event.id


def test_two_hundred_writers_share_commits() -> None:
    async def story() -> None:
        async with a_writer() as writer:
            await asyncio.gather(*(writer.write(call_event(number=number)) for number in range(200)))
            assert writer.events == 200
            assert writer.commits < 20

    tell(story)
    assert Event.objects.count() == Unsealed.objects.count() == 200


def test_outcomes_are_written_soon_and_before_stopping() -> None:
    async def story() -> None:
        async with a_writer() as writer:
            for number in range(50):
                assert writer.write_soon(call_event(CALL_OUTCOME, outcome="ok", number=number))

    tell(story)
    assert Event.objects.count() == 50


def test_big_batches_pass() -> None:
    async def story() -> None:
        async with a_writer() as writer:
            await asyncio.gather(*(writer.write(call_event(arguments="ü" * 100_000)) for _ in range(100)))

    tell(story)
    assert Event.objects.count() == 100


def test_a_connection_lost_while_idle_is_not_noticed() -> None:
    async def story() -> None:
        async with a_writer() as writer:
            await writer.write(call_event())
            assert await end_connection_of_writer() == 1
            await writer.write(call_event())

    tell(story)
    assert Event.objects.count() == 2


def test_connections_lost_midway_lose_and_double_nothing() -> None:
    events = [call_event(number=number) for number in range(1500)]

    async def caller(writer: AuditWriter, mine: list[int]) -> None:
        for number in mine:
            await writer.write(events[number])

    async def vandal() -> None:
        for _ in range(8):
            await asyncio.sleep(0.02)
            await end_connection_of_writer()

    async def story() -> None:
        async with a_writer(patience=10) as writer:
            callers = [caller(writer, list(range(start, 1500, 30))) for start in range(30)]
            await asyncio.gather(vandal(), *callers)

    tell(story)
    mine = Event.objects.filter(organization_id=ACME)  # not what a story before may still be writing
    assert set(mine.values_list("id", flat=True)) == {event.id for event in events}


@pytest.mark.parametrize("count", [1, 2, MOST_INSERTED, MOST_INSERTED + 1])
def test_a_batch_of_any_size_arrives_whole(count: int) -> None:
    """Also one that is larger than what the connection takes at once."""
    events = [call_event(number=number, long="x" * 500_000) for number in range(count)]

    async def story() -> None:
        connection = await EventConnection.opened(settings.DATABASE_URL)
        for part in (events, [call_event()], [call_event() for _ in range(count)]):
            await connection.write(part)
        assert await connection.present([events[-1].id]) == {events[-1].id}
        await connection.write([call_event()])
        await connection.close()

    tell(story)
    assert {event.id: event.body.decode() for event in events}.items() <= dict(
        Event.objects.values_list("id", "body")
    ).items()
    assert Event.objects.count() == 2 * count + 2


def test_what_nobody_waits_for_goes_along_or_alone() -> None:
    async def story() -> None:
        async with a_writer() as writer:
            writer.write_soon(call_event(CALL_OUTCOME))
            await writer.write(call_event())
            assert (writer.events, writer.commits) == (2, 1)
            writer.write_soon(call_event(CALL_OUTCOME))
            async with asyncio.timeout(60):
                while writer.waiting:
                    await asyncio.sleep(0.01)
            assert (writer.events, writer.commits) == (3, 2)
            writer.write_soon(call_event(CALL_OUTCOME))

    tell(story)
    assert Event.objects.count() == 4


def test_a_batch_that_was_committed_without_an_answer_is_not_written_again() -> None:
    """The connection ends between commit and answer: the first batch below stands for the lost attempt."""
    events = [call_event(number=number) for number in range(10)]

    async def story() -> None:
        connection = await EventConnection.opened(settings.DATABASE_URL)
        await connection.write(events[:5])
        await connection.close()
        async with a_writer() as writer:
            await asyncio.gather(*(writer.write(event) for event in events))

    tell(story)
    assert Event.objects.count() == 10


def test_without_a_database_callers_are_refused_in_time() -> None:
    async def story() -> None:
        async with a_writer(NOWHERE, patience=0.2) as writer:
            for _ in range(2):
                with pytest.raises(AuditUnavailable):
                    await asyncio.wait_for(writer.write(call_event()), 60)

    tell(story)


def test_the_backlog_of_outcomes_is_bounded() -> None:
    async def story() -> None:
        async with a_writer(NOWHERE, patience=0.1, backlog=3) as writer:
            kept = [writer.write_soon(call_event()) for _ in range(10)]
            assert 3 <= sum(kept) < 10

    tell(story)


def test_a_blocked_database_refuses_in_time_and_writes_nothing_twice() -> None:
    """Somebody holds a lock on the table for longer than callers wait."""
    late, next_one = call_event(), call_event()

    async def story() -> None:
        async with a_writer(patience=0.3) as writer:
            async with await psycopg.AsyncConnection.connect(settings.DATABASE_URL) as blocker:
                await blocker.execute("LOCK TABLE audit_event IN SHARE MODE")
                with pytest.raises(AuditUnavailable):
                    await writer.write(late)
            await until_written(writer, next_one)

    tell(story)
    assert Event.objects.filter(id=next_one.id).count() == 1
    assert Event.objects.filter(id=late.id).count() <= 1


async def until_written(writer: AuditWriter, event: NewEvent) -> None:
    """As a caller that comes back: an event that was refused may be written all the same, never twice."""
    for _ in range(50):
        with suppress(AuditUnavailable):
            return await writer.write(event)
    raise AssertionError("The writer did not recover.")


def test_it_can_be_started_again() -> None:
    async def story() -> None:
        async with a_writer() as writer:
            await writer.write(call_event())
        await writer.start()
        await writer.write(call_event())
        await writer.stop()

    tell(story)
    assert Event.objects.count() == 2


def test_a_cancelled_caller_harms_nobody() -> None:
    events = [call_event(number=number) for number in range(100)]

    async def story() -> None:
        async with a_writer() as writer:
            tasks = [asyncio.create_task(writer.write(event)) for event in events]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            await asyncio.gather(*tasks[1::2])
            with suppress(asyncio.CancelledError):
                await tasks[0]
            await writer.write(call_event())

    tell(story)
    stored = set(Event.objects.values_list("id", flat=True))
    assert {event.id for event in events[1::2]} <= stored


def test_one_unfit_event_does_not_take_the_others_down() -> None:
    unfit = call_event()._replace(code="x" * 100)
    events = [call_event(number=number) for number in range(20)]

    async def story() -> None:
        async with a_writer() as writer:
            results = await asyncio.gather(*(writer.write(event) for event in (*events, unfit)), return_exceptions=True)
            assert results[:20] == [None] * 20
            assert isinstance(results[20], AuditUnavailable)

    tell(story)
    assert Event.objects.count() == 20


def test_after_stopping_nothing_is_accepted() -> None:
    async def story() -> None:
        async with a_writer() as writer:
            pass
        with pytest.raises(AuditUnavailable):
            await writer.write(call_event())

    tell(story)
