"""The sample server in one click, and a server of the official SDK in both protocol eras."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from django.conf import settings
from django.test import Client
from django.urls import reverse

from connectors.models import Connector, Tool
from connectors.sample import sample_token
from connectors.sample.server import application
from tests.servers.running import free_port, sdk_server
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting


@pytest.fixture
def sample_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(application, port=free_port(), log_level="warning", lifespan="off", timeout_keep_alive=75)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    address = f"http://127.0.0.1:{server.config.port}"
    monkeypatch.setattr(settings, "BASE_URL", address)
    yield address
    server.should_exit = True
    thread.join(60)


def test_the_sample_takes_one_click(client: Client, cast: Cast, sample_address: str) -> None:
    client.force_login(cast.alice)
    assert "Connect the sample server" in client.get(reverse("connectors:new")).content.decode()
    page = client.post(reverse("connectors:sample"), follow=True).content.decode()
    connector = Connector.objects.get()
    assert (connector.state, connector.health, connector.slug) == ("active", "up", "sample")
    assert "new (disabled)" in page and sample_token().reveal() not in page
    assert Tool.objects.count() >= 3 and not Tool.objects.filter(is_enabled=True).exists()
    client.post(reverse("connectors:sample"))
    assert Connector.objects.count() == 1, "a second click syncs it"


@pytest.mark.parametrize(("flags", "era"), [((), "modern"), (("--legacy",), "legacy")])
def test_a_server_of_the_official_sdk(
    cast: Cast, connect: Connecting, tmp_path: Path, flags: tuple[str, ...], era: str
) -> None:
    with sdk_server(tmp_path, *flags) as running:
        connector = connect.synced("sdk", url=running.url)
        connector.refresh_from_db()
        assert (connector.era, connector.health) == (era, "up")
        assert {"echo", "grüße an/alle"} <= set(Tool.objects.values_list("name", flat=True))
