"""The official Python SDK's client of somebody who decides on their own call: it hears that the call waits, opens the
ticket for its person, has the answer once they decided, and asks where the next one stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from django.db import connections
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult

from approvals.actions.approve_action import approve_action
from approvals.models import PendingAction
from connectors.models import Connector, Tool
from harriet.people.actors import actor_of
from tests.stage.cast import Cast
from tests.stage.clients import Client as ByHand
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream

pytestmark = [pytest.mark.clients, pytest.mark.django_db(transaction=True)]
STATUS = "harriet_ticket_status"


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
def office(committed_cast: Cast, upstream: Upstream, gateway: Gateway) -> Office:
    upstream.forget()
    made = Office(committed_cast, upstream.mcp)
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    Connector.objects.update(deciders=Connector.Deciders.REQUESTER)
    made.changed()
    ByHand(gateway, made.token).until(200)
    made.wait_until_known(gateway)
    return made


@dataclass
class Dana:
    """At her client, which opens addresses for her: there she approves."""

    office: Office
    opened: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    async def open_address(self, _context: Any, params: Any) -> ElicitResult:
        self.opened.append(params.url)
        await asyncio.to_thread(self._approve)
        return ElicitResult(action="accept")

    async def hear(self, progress: float, total: float | None, message: str | None) -> None:
        self.told.append(message or "")

    def _approve(self) -> None:
        try:
            action = PendingAction.objects.select_related("ticket", "connector", "tool", "token").get(state="waiting")
            approve_action(action, actor=actor_of(self.office.cast.dana))
        finally:
            connections.close_all()


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_python_sdk(office: Office, upstream: Upstream, gateway: Gateway, mode: str) -> None:
    dana = Dana(office)

    async def work() -> tuple[Any, Any]:
        headers = {"Authorization": f"Bearer {office.token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            way = streamable_http_client(f"{gateway.url}/mcp/acme/work", http_client=http)
            async with Client(way, mode=mode, elicitation_callback=dana.open_address) as client:
                assert STATUS in {tool.name for tool in (await client.list_tools()).tools}
                answer = await client.call_tool("echo", {"text": "grüße"}, progress_callback=dana.hear)
                return answer, await client.call_tool(STATUS, {"ticket": 1})

    answer, status = asyncio.run(work())
    assert answer.content[0].text == "grüße"
    assert [url.partition("/tickets/")[2] for url in dana.opened] == ["1/"]
    if mode == "legacy":
        assert dana.told[0] == "Waiting for approval on ticket #1."
    assert status.structured_content["tickets"][0]["state"] == "collected"
    assert len(upstream.calls) == 1
