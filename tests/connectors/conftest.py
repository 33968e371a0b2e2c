"""A running server and connectors of Acme that are set up for it; a server with any manners, and the transport that
meets it. Django isn't ready when this file is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.servers.moody import Server

if TYPE_CHECKING:
    from connectors.transports.native.transport import NativeTransport
    from tests.servers.hostile import Hostile
    from tests.stage.cast import Cast
    from tests.stage.connectors import Connecting


@pytest.fixture
def server() -> Iterator[Server]:
    """Its tools and moods are the story's to change."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def connect(cast: Cast, server: Server) -> Connecting:
    """Alice connects it: `connect()`, or `connect.synced()`."""
    from tests.stage.connectors import Connecting

    return Connecting(cast, server)


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    """A server with any manners."""
    from tests.servers.hostile import Hostile

    with Hostile() as running:
        yield running


@pytest.fixture
async def transport() -> AsyncIterator[NativeTransport]:
    """It takes no large answers, so that a test needs none to find its bounds."""
    from connectors.transports.native.transport import NativeTransport
    from harriet.lib.egress import AsyncEgress

    egress = AsyncEgress()
    transport = NativeTransport(egress, max_bytes=200_000)
    yield transport
    await transport.close()
    await egress.close()
