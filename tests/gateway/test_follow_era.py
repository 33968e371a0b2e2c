"""A server that speaks both eras at one address: each client's era is the era towards the server, and a server that
speaks one is spoken to in that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.actions.sync_connector import sync_connector
from connectors.models import Connector, Tool
from harriet.people.actors import actor_of
from tests.gateway.test_listen_streams import InSession
from tests.stage.clients import Client, ModernClient
from tests.stage.connectors import connector, open_to
from tests.stage.processes import Gateway, Process
from tests.stage.profiles import profile
from tests.stage.tokens import device_token

BOTH = ["modern", "legacy"]


class TwoFaced(Process):
    """tests/servers/two_eras.py, for a story of its own: some of them change what it offers."""

    def __init__(self, log: Path, eras: str) -> None:
        import sys

        command = [sys.executable, "-m", "uvicorn", "tests.servers.two_eras:app", "--port", "{port}"]
        super().__init__(
            [*command, "--lifespan", "off", "--log-level", "warning"], ready="/log", log=log, UPSTREAM_ERAS=eras
        )

    def calls(self) -> list[str]:
        return list(self.get("/log").json["calls"])


@pytest.fixture
def server(request: pytest.FixtureRequest, logs: Path) -> Iterator[TwoFaced]:
    process = TwoFaced(logs / "two-eras.log", getattr(request, "param", "both"))
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def token(committed_cast: Any, server: TwoFaced) -> str:
    made = connector(committed_cast.acme, f"{server.url}/mcp")
    assert not sync_connector(made, actor=actor_of(committed_cast.alice)).error
    open_to(committed_cast.sales, made, risk_override="read_only")
    profile(committed_cast.acme, made, groups=[committed_cast.sales])
    return device_token(committed_cast.acme, committed_cast.dana)


def clients(gateway: Gateway, token: str) -> tuple[Client, Client, Client]:
    Client(gateway, token).until(200)
    return InSession(gateway, token).begin(), Client(gateway, token), ModernClient(gateway, token)


def test_the_era_towards_the_server_is_the_clients(gateway: Gateway, server: TwoFaced, token: str) -> None:
    assert Connector.objects.get().eras == BOTH
    assert Connector.objects.get().era == "modern"
    assert [client.call("where").text for client in clients(gateway, token)] == ["legacy", "legacy", "modern"]


def test_each_era_lists_and_promises_its_own(gateway: Gateway, server: TwoFaced, token: str) -> None:
    session, _, modern = clients(gateway, token)
    for client, era in ((session, "legacy"), (modern, "modern")):
        listed = {tool["name"]: tool for tool in client.request("tools/list").result["tools"]}
        assert listed["where"]["title"] == f"Where, {era}"
        assert "harriet/eras" not in listed["where"]
        assert list(listed) == ["where", "newer", "older"], "in the server's order"
        assert client.call("where").result["structuredContent"] == {"era": era}


def test_what_one_era_alone_has_is_called_there_for_everybody(gateway: Gateway, server: TwoFaced, token: str) -> None:
    for client in clients(gateway, token):
        assert client.call("newer").text == "modern"
        assert client.call("older").text == "legacy"


@pytest.mark.parametrize("server", ["legacy", "modern"], indirect=True)
def test_a_server_of_one_era_is_spoken_to_in_it(
    gateway: Gateway, server: TwoFaced, token: str, request: pytest.FixtureRequest
) -> None:
    era = Connector.objects.get().era
    assert Connector.objects.get().eras == [era]
    assert {client.call("where").text for client in clients(gateway, token)} == {era}


def test_a_change_in_the_earlier_era_alone_goes_into_quarantine(server: TwoFaced, token: str) -> None:
    made = Connector.objects.get()
    server.send("POST", "/change", b'{"era":"legacy","title":"Evil"}', {})
    run = sync_connector(made, actor=actor_of(made.organization.memberships.get(user__email__startswith="alice").user))
    assert run.changed == ["where"]
    assert Tool.objects.get(name="where").state == Tool.State.QUARANTINED


def test_an_era_that_is_away_is_no_change(server: TwoFaced, token: str) -> None:
    """Else everything that differs between the eras would look changed, and go into quarantine."""
    made = Connector.objects.get()
    server.send("POST", "/change", b'{"away":"legacy"}', {})
    alice = made.organization.memberships.get(user__email__startswith="alice").user
    assert sync_connector(made, actor=actor_of(alice)).error
    made.refresh_from_db()
    assert made.eras == BOTH
    assert set(Tool.objects.values_list("state", flat=True)) == {Tool.State.PINNED}
