"""A running server, and connectors of Acme that are set up for it. Django isn't ready when this file is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from .server import Server

if TYPE_CHECKING:
    from tests.cast import Cast

    from .story import ConnectorMaker


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def connect(cast: Cast, server: Server) -> ConnectorMaker:
    from .story import ConnectorMaker

    return ConnectorMaker(cast, server)
