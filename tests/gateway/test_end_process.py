"""A gateway process that is told to stop: streams end, running calls are answered, and it leaves in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from harriet.gateway.processes.running import RunningCalls
from tests.gateway.test_listen_streams import InSession, heard, stream
from tests.stage.clients import Client
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.waiting import wait_for


def test_streams_end_and_running_calls_are_answered(
    office: Office, upstream: Upstream, start_gateway: Callable[[], Gateway]
) -> None:
    gateway = start_gateway()
    client = Client(gateway, office.token).until(200)
    session = InSession(gateway, office.token).begin()
    with stream(session, "GET") as listening, ThreadPoolExecutor(1) as pool:
        assert listening.status == 200
        running = pool.submit(client.call, "slow", {"text": "done", "ms": 700})
        wait_for(lambda: len(upstream.calls) == 1)
        gateway.child.send_signal(signal.SIGTERM)
        assert heard(listening) is None
        assert running.result().text == "done"
    assert gateway.child.wait(60) == 0


async def test_a_call_that_outlasts_the_process_is_not_said_to_be_its_clients_doing() -> None:
    running = RunningCalls()
    call = asyncio.create_task(asyncio.sleep(3600))
    running.keep(call)
    await running.drain(0.01)
    with pytest.raises(asyncio.CancelledError, match="The web process ended before the call did"):
        await call
