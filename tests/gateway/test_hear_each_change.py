"""Lists that change again and again, with a sync after each change: whoever listens at Harriet hears of every one, as
directly at the server; at any process, in both eras on both sides."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from connectors.actions.sync_connector import sync_connector
from connectors.models import Connector
from harriet.people.actors import actor_of
from tests.gateway.test_forward_changes import Announcing
from tests.gateway.test_listen_streams import InSession, heard, listen, stream
from tests.stage.clients import Client, ModernClient
from tests.stage.connectors import connector, open_to
from tests.stage.processes import Gateway
from tests.stage.profiles import profile
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for

CHANGES = 5
EVERY = [f"notifications/{what}/list_changed" for what in ("tools", "prompts", "resources")]


@pytest.fixture(params=["legacy", "modern"])
def server(request: pytest.FixtureRequest, logs: Path) -> Iterator[Announcing]:
    process = Announcing(logs / f"changing-{request.param}.log", request.param)
    process.wait()
    yield process
    process.stop()


class Connected:
    """Acme with a connector whose tools, prompts and resources Dana may use, as a sync found them."""

    def __init__(self, cast: Any, server: Announcing) -> None:
        self.cast = cast
        self.connector = connector(cast.acme, f"{server.url}/mcp")
        self.sync()
        open_to(cast.sales, self.connector, risk_override="read_only")
        profile(cast.acme, self.connector, groups=[cast.sales])
        self.token = device_token(cast.acme, cast.dana)

    def sync(self) -> None:
        """What the worker does when a server says that its lists changed."""
        run = sync_connector(Connector.objects.get(pk=self.connector.pk), actor=actor_of(self.cast.alice))
        assert not run.error


@pytest.fixture
def office(committed_cast: Any, server: Announcing) -> Connected:
    return Connected(committed_cast, server)


class Ear:
    """Counts what is heard on one stream."""

    def __init__(self, response: HTTPResponse) -> None:
        self.count: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._listen, args=[response], daemon=True)
        self._thread.start()

    def _listen(self, response: HTTPResponse) -> None:
        try:
            while (message := heard(response)) is not None:
                self.count[message["method"]] += 1
        except (OSError, ValueError, AttributeError):
            return

    def wait_until_heard(self, number: int) -> None:
        """Of every list at least so often."""
        try:
            wait_for(lambda: all(self.count[method] >= number for method in EVERY))
        except AssertionError:
            raise AssertionError(f"after {number} changes: {self.count}") from None


def ears(stack: ExitStack, gateways: list[Gateway], token: str) -> list[Ear]:
    """A listener of each era at each process."""
    made = []
    for gateway in gateways:
        Client(gateway, token).until(200)
        session = InSession(gateway, token).begin()
        modern = ModernClient(gateway, token)
        wanted = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}
        made.append(Ear(stack.enter_context(stream(session, "GET"))))
        made.append(Ear(stack.enter_context(stream(modern, "POST", *listen(modern, wanted)))))
    return made


@pytest.mark.parametrize("how", ["add", "change"])
def test_every_change_is_heard(
    gateway: Gateway, second_gateway: Gateway, server: Announcing, office: Connected, how: str
) -> None:
    """Also when the change puts everything that the caller had into quarantine."""
    with ExitStack() as stack:
        listeners = ears(stack, [gateway, second_gateway], office.token)
        wait_for(lambda: server.listening == 2)
        begun = server.get("/log").json["begun"]
        for number in range(1, CHANGES + 1):
            change = json.dumps({"number": number, "how": how}).encode()
            server.send("POST", "/change", change, {})
            for ear in listeners:
                ear.wait_until_heard(number)
            office.sync()
        assert server.get("/log").json["begun"] == begun, "a sync begins no stream anew"
