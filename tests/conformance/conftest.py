"""Harriet with the fixture server behind it, everything that it offers allowed, and a proxy that adds the token."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pytest_django import DjangoDbBlocker

from tests import database
from tests.clients.node import node
from tests.servers.running import ROOT
from tests.stage.clients import Client
from tests.stage.processes import Gateway, Process
from tests.stage.waiting import wait_for

Command = Callable[..., str]
"""A command of Harriet's with these arguments, as a shell takes it."""


@dataclass(frozen=True)
class Arranged:
    """In front of each fixture server: where the suite connects, and where clients with a token do."""

    proxies: dict[str, str]
    servers: dict[str, str]
    """Where each server is itself."""
    gateway: str
    token: str

    def direct(self, upstream: str) -> str:
        return f"{self.gateway}/mcp/acme/{upstream}"


@pytest.fixture(scope="package")
def arranged(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arranged]:
    folder = tmp_path_factory.mktemp("conformance")
    with django_db_blocker.unblock(), ExitStack() as stack:
        servers = {name: _started(stack, _server(name, folder)) for name in ERAS}
        token = _set_up({name: f"{server.url}/mcp" for name, server in servers.items()}, ERAS)
        gateway = _started(stack, Gateway(log=folder / "gateway.log"))
        proxies = {}
        for name in servers:
            path = f"/mcp/acme/{name}"
            Client(gateway, token, path).until(200)
            command = [sys.executable, "-m", "tests.conformance.proxy", "{port}", gateway.url + path, token]
            proxy = _started(stack, Process(command, ready="/health/ready", log=folder / "proxy.log"))
            proxies[name] = f"http://localhost:{proxy.port}/mcp"
        urls = {name: f"http://localhost:{server.port}/mcp" for name, server in servers.items()}
        yield Arranged(proxies, urls, gateway=gateway.url, token=token)
        stack.close()
        database.copy_template()


@pytest.fixture(scope="package")
def manage() -> Iterator[Command]:
    """`manage.py`."""
    program = Path(__file__).with_name("forked.py")
    with TemporaryDirectory(prefix="forks") as folder:
        path = Path(folder) / "socket"
        loaded = subprocess.Popen(
            [sys.executable, "-m", "tests.conformance.forked", str(path)], cwd=ROOT, start_new_session=True
        )
        wait_for(lambda: path.exists() or loaded.poll() is not None, 120)
        yield lambda *arguments: shlex.join([sys.executable, "-IS", str(program), str(path), *arguments])
        os.killpg(loaded.pid, signal.SIGKILL)
        loaded.wait()


def _started(stack: ExitStack, process: Process) -> Process:
    stack.callback(process.stop)
    process.wait()
    return process


ERAS = {"modern": ["modern"], "legacy": ["legacy"], "python": ["modern", "legacy"], "typescript": ["modern", "legacy"]}
"""What each server speaks. Those of both eras are named after the official SDK that they are built with."""
_FLAGS = {"modern": "--modern", "legacy": "--legacy", "python": "--asks-as-before"}


def _server(name: str, folder: Path) -> Process:
    if name == "typescript":
        command = [node(), str(ROOT / "tests/servers/both_eras.mjs"), "{port}"]
    else:
        command = [sys.executable, "-m", "tests.servers.conformance_server", "{port}", _FLAGS[name]]
    return Process(command, ready="/", is_ready=404, log=folder / f"{name}.log")


def _set_up(urls: dict[str, str], eras: dict[str, list[str]]) -> str:
    """What an admin does: connect, synchronise, switch everything on for Sales, and make a profile."""
    from connectors.actions.sync_connector import sync_connector
    from harriet.people.actors import actor_of
    from tests.stage.cast import make_cast
    from tests.stage.connectors import connector, open_to
    from tests.stage.profiles import profile
    from tests.stage.tokens import device_token

    cast = make_cast()
    for name, url in urls.items():
        made = connector(cast.acme, url, slug=name)
        assert not (error := sync_connector(made, actor=actor_of(cast.alice)).error), error
        made.refresh_from_db()
        assert made.eras == eras.get(name, made.eras), "this is what the ways between the eras are about"
        open_to(cast.sales, made, risk_override="read_only")
        profile(cast.acme, made, groups=[cast.sales], slug=name)
    return device_token(cast.acme, cast.dana)
