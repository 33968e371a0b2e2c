"""One timer for many limits: each ends its own work in time, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from harriet.lib.egress.deadlines import Deadlines, Limit


async def limited(deadlines: Deadlines, seconds: float, work: Coroutine[Any, Any, None]) -> str:
    limit = Limit(deadlines, seconds)
    try:
        await work
    except BaseException as error:
        if limit.has_passed(error):
            return "too late"
        raise
    assert not limit.has_passed(None)
    return "in time"


def test_each_limit_ends_its_own_work() -> None:
    async def story() -> list[str]:
        deadlines = Deadlines()
        seconds = (0.3, 0.1, 30.0, 0.2, 30.0)
        pauses = (20.0, 20.0, 0.01, 20.0, 0.6)
        works = (limited(deadlines, one, asyncio.sleep(pause)) for one, pause in zip(seconds, pauses, strict=True))
        return await asyncio.gather(*works)

    assert asyncio.run(story()) == ["too late", "too late", "in time", "too late", "in time"]


def test_a_limit_can_be_moved_in_both_directions() -> None:
    async def story() -> bool:
        deadlines = Deadlines()
        limit = Limit(deadlines, 0.1)
        limit.move(deadlines.time() + 30)
        await asyncio.sleep(0.3)
        limit.move(deadlines.time() + 0.05)
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError as error:
            has_passed = limit.has_passed(error)
        limit.move(deadlines.time() + 0.01)  # over: nothing follows
        await asyncio.sleep(0.1)
        return has_passed

    assert asyncio.run(story())


def test_somebody_elses_cancellation_is_not_taken_for_a_limit() -> None:
    async def story() -> None:
        deadlines = Deadlines()
        task = asyncio.create_task(limited(deadlines, 0.1, asyncio.sleep(20)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        await asyncio.sleep(0.3)  # its limit went with it

    asyncio.run(story())


def test_a_cancellation_in_the_same_moment_is_not_swallowed() -> None:
    async def story() -> None:
        deadlines = Deadlines()

        async def work() -> None:
            try:
                await asyncio.sleep(20)
            except asyncio.CancelledError:
                task.cancel()
                raise

        task = asyncio.create_task(limited(deadlines, 0.05, work()))
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
