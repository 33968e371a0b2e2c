"""A gateway process and an upstream process for all of these stories; each has its own database in them.

They end with the last story here: what they still had to write must not turn up in somebody else's database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stage.clients import Client, ModernClient
from tests.stage.processes import Gateway, Process, Upstream

if TYPE_CHECKING:  # models can't be imported before Django is set up
    from tests.stage.cast import Cast
    from tests.stage.office import Office


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="package")
def _gateway(django_db_setup: None, logs: Path) -> Iterator[Gateway]:
    process = Gateway(log=logs / "gateway.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture(scope="package")
def _second_gateway(django_db_setup: None, logs: Path) -> Iterator[Gateway]:
    process = Gateway(log=logs / "second-gateway.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture(scope="package")
def _upstream(logs: Path) -> Iterator[Upstream]:
    process = Upstream(log=logs / "upstream.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture(scope="package")
def _modern_upstream(logs: Path) -> Iterator[Upstream]:
    process = Upstream("modern", log=logs / "upstream.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def upstream(_upstream: Upstream) -> Upstream:
    """The server behind the gateway, which has forgotten what it saw before."""
    _upstream.forget()
    return _upstream


@pytest.fixture
def modern_upstream(_modern_upstream: Upstream) -> Upstream:
    """The same in 2026-07-28."""
    _modern_upstream.forget()
    return _modern_upstream


@pytest.fixture
def gateway(_gateway: Gateway, transactional_db: None) -> Gateway:
    """The shared gateway process. Its database is made anew for each story; it finds its way back by itself."""
    return _gateway


@pytest.fixture(scope="module")
def shared_office(shared_cast: Cast, _gateway: Gateway, _upstream: Upstream) -> Office:
    """For stories that only read: one for all of a file."""
    from tests.stage.office import Office

    office = Office(shared_cast, _upstream.mcp, era="legacy")
    Client(_gateway, office.token).until(200)
    return office


@pytest.fixture
def second_gateway(_second_gateway: Gateway, transactional_db: None) -> Gateway:
    """Another process on the same database, as behind a load balancer."""
    return _second_gateway


@pytest.fixture
def office(committed_cast: Cast, upstream: Upstream) -> Office:
    """All that one call through the gateway needs."""
    from tests.stage.office import Office

    return Office(committed_cast, upstream.mcp, era="legacy")


@pytest.fixture
def dana(gateway: Gateway, office: Office) -> Client:
    """Dana's client of the handshake era, once the gateway knows her."""
    return Client(gateway, office.token).until(200)


@pytest.fixture
def modern_dana(gateway: Gateway, office: Office, dana: Client) -> ModernClient:
    """The same in 2026-07-28."""
    return ModernClient(gateway, office.token)


@pytest.fixture
def start_gateway(transactional_db: None, logs: Path) -> Iterator[Callable[..., Gateway]]:
    """Further gateway processes, for stories with two of them or with a killed one."""
    started: list[Process] = []

    def start(**environment: str) -> Gateway:
        process = Gateway(log=logs / f"gateway-{len(started)}.log", **environment)
        started.append(process)
        process.wait()
        return process

    yield start
    for process in started:
        process.stop()
