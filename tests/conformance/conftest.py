"""Harriet with the fixture server behind it, everything that it offers allowed, and a proxy that adds the token."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests import database
from tests.gateway.client import Client
from tests.gateway.processes import Gateway, Process


@dataclass(frozen=True)
class Arranged:
    """In front of a fixture server of each era: where the suite connects, and where clients with a token do."""

    modern: str
    legacy: str
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
        servers = {era: _started(stack, _server(era, folder)) for era in ("modern", "legacy")}
        token = _set_up({era: f"{server.url}/mcp" for era, server in servers.items()})
        gateway = _started(stack, Gateway(log=folder / "gateway.log"))
        urls = {}
        for era in servers:
            path = f"/mcp/acme/{era}"
            Client(gateway, token, path).until(200)
            command = [sys.executable, "-m", "tests.conformance.proxy", "{port}", gateway.url + path, token]
            proxy = _started(stack, Process(command, ready="/health/ready", log=folder / "proxy.log"))
            urls[era] = f"http://localhost:{proxy.port}/mcp"
        yield Arranged(**urls, gateway=gateway.url, token=token)
        stack.close()
        database.copy_template()


def _started(stack: ExitStack, process: Process) -> Process:
    stack.callback(process.stop)
    process.wait()
    return process


def _server(era: str, folder: Path) -> Process:
    flags = ["--legacy"] if era == "legacy" else []
    command = [sys.executable, "-m", "tests.servers.conformance_server", "{port}", *flags]
    return Process(command, ready="/", is_ready=404, log=folder / f"{era}.log")


def _set_up(urls: dict[str, str]) -> str:
    """What an admin does: connect, synchronise, switch everything on for Sales, and make a profile."""
    from connectors.actions.sync_connector import sync_connector
    from connectors.models import Tool, ToolPermission
    from harriet.people.actors import actor_of
    from tests.cast import make_cast
    from tests.gateway.office import connector, device_token, profile

    cast = make_cast()
    for era, url in urls.items():
        made = connector(cast.acme, url, slug=era)
        assert not (error := sync_connector(made, actor=actor_of(cast.alice)).error), error
        made.refresh_from_db()
        assert made.era == era, "this is what the bridges between the eras are about"
        tools = Tool.objects.filter(connector=made)
        ToolPermission.objects.bulk_create(ToolPermission(tool=tool, group=cast.sales) for tool in tools)
        tools.update(is_enabled=True)
        profile(cast.acme, made, groups=[cast.sales], slug=era)
    return device_token(cast.acme, cast.dana)
