"""Clients of the official SDKs make a call that needs their person's account: they are asked to open an address, the
person connects meanwhile, and the same call works."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.db import connections, transaction
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult, TextContent

from harriet.people.models import Notice
from tests.clients.node import HERE, run
from tests.stage.cast import Cast
from tests.stage.clients import Client as ByHand
from tests.stage.grants import grant, registration
from tests.stage.own_accounts import OwnAccounts
from tests.stage.processes import Gateway, Upstream
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for
from vault.models import OAuthGrant

pytestmark = pytest.mark.clients
CALL: tuple[str, dict[str, Any]] = ("echo", {"text": "grüße"})


class Dana:
    """At a client; connecting is what her browser leaves behind."""

    def __init__(self, cast: Cast, upstream: Upstream, gateway: Gateway) -> None:
        self.cast, self.upstream, self.url = cast, upstream, f"{gateway.url}/mcp/acme/work"
        with transaction.atomic():
            client = registration(cast.acme, "https://provider.test")
            self.office = OwnAccounts(cast, upstream.mcp, client, era="legacy")
            self.token = device_token(cast.acme, cast.dana)
        ByHand(gateway, self.token).until(200)

    def connects(self) -> None:
        grant(self.office.client, self.cast.dana, self.upstream.mcp)

    def connects_elsewhere(self) -> None:
        try:
            wait_for(lambda: Notice.objects.filter(user=self.cast.dana, kind="connect_account").exists())
            self.connects()
        finally:
            connections.close_all()

    @property
    def page(self) -> str:
        return f"/me/connections/{self.office.connector.pk}/"

    def check(self, opened: list[str], text: str) -> None:
        assert text == "grüße"
        assert opened and all(url.endswith(self.page) for url in opened)
        assert [one["headers"]["authorization"] for one in self.upstream.calls] == [
            "Bearer access-token-of-dana@acme.test"
        ]


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    process = Upstream(log=tmp_path_factory.mktemp("upstream") / "upstream.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def gateway(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    process = Gateway(log=tmp_path_factory.mktemp("gateway") / "gateway.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def dana(committed_cast: Cast, upstream: Upstream, gateway: Gateway) -> Dana:
    upstream.forget()
    return Dana(committed_cast, upstream, gateway)


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_python_sdk(dana: Dana, mode: str) -> None:
    opened: list[str] = []

    async def open_address(_context: Any, params: Any) -> ElicitResult:
        opened.append(params.url)
        await asyncio.to_thread(dana.connects_elsewhere)
        return ElicitResult(action="accept")

    async def call() -> str:
        headers = {"Authorization": f"Bearer {dana.token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            way = streamable_http_client(dana.url, http_client=http)
            async with Client(way, mode=mode, elicitation_callback=open_address) as client:
                result = await client.call_tool(*CALL)
        assert isinstance(result.content[0], TextContent)
        return result.content[0].text

    dana.check(opened, asyncio.run(call()))


def test_npm_sdk(dana: Dana, tmp_path: Path) -> None:
    name, arguments = CALL
    with ThreadPoolExecutor(1) as meanwhile:
        connecting = meanwhile.submit(dana.connects_elsewhere)
        program = HERE / "npm_opens.mjs"
        said = json.loads(run(program, dana.url, dana.token, name, json.dumps(arguments), home=tmp_path))
        connecting.result()
    assert {one["mode"] for one in said["opened"]} == {"url"}
    dana.check([one["url"] for one in said["opened"]], said["text"])
    assert OAuthGrant.objects.get().user == dana.cast.dana
