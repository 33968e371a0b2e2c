"""The recipe for a new kind of connector, walked with a made-up one: a transport and its line in the dictionary, and
the wizard, the API, a set-up file, the sync, the checks and the gateway's calls know it."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from connectors.actions.activate_connector import activate_connector
from connectors.actions.check_health import check_health
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_connection import save_connection
from connectors.actions.sync_connector import sync_connector
from connectors.actions.test_connection import test_connection as try_connection
from connectors.api.serializers import ConnectorSerializer, NewConnectorSerializer
from connectors.errors import ConnectorError, UpstreamBroken
from connectors.models import Connector, Tool, ToolPermission
from connectors.transports.base import (
    NATIVE,
    Discovery,
    Endpoint,
    Interest,
    OnNotification,
    Request,
    Transport,
    UpstreamAnswer,
)
from connectors.transports.kinds import KINDS, TransportKind, Transports, transports_for_a_while
from harriet.console.setup_file import form as setup_file
from harriet.gateway.try_it import try_tool
from harriet.lib.egress import AsyncEgress
from harriet.lib.mcp.versions import MODERN
from tests.stage.cast import Cast
from tests.stage.connectors import approved
from vault.opened import OpenCredential

ROOT = Path(settings.BASE_DIR)
KIND = "made-up"
TOOL = {"name": "weather", "inputSchema": {"type": "object"}}
SAID = b'{"content":[{"type":"text","text":"made-up rain"}]}'


class MadeUp:
    """A transport that needs no server. What it was asked is in `asked`, of all of them together."""

    asked: list[str] = []

    def __init__(self, egress: AsyncEgress) -> None:
        self.egress = egress

    async def discover(self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float) -> Discovery:
        assert endpoint.kind == KIND
        self.asked.append("discover")
        return Discovery(MODERN, "2026-07-28", {"name": "Made up"}, {"tools": {}})

    async def discover_eras(
        self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float, known: Any = ()
    ) -> Discovery:
        found = await self.discover(endpoint, credential, deadline=deadline)
        return Discovery(found.era, found.protocol_version, found.server_info, found.capabilities, eras=(found.era,))

    async def list_tools(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        self.asked.append("list_tools")
        return [dict(TOOL)]

    async def list_all(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        return []

    async def request(
        self, endpoint: Endpoint, credential: OpenCredential, request: Request, **_: Any
    ) -> UpstreamAnswer:
        assert endpoint.kind == KIND
        self.asked.append(f"{request.method} {request.name}")
        return UpstreamAnswer(SAID, None, MODERN, 200)

    async def watch(
        self,
        endpoint: Endpoint,
        open_credential: Callable[[], AbstractContextManager[OpenCredential]],
        interest: Interest,
        *,
        on_notification: OnNotification,
        on_open: Callable[[], None] = lambda: None,
    ) -> None:
        on_open()

    async def close(self) -> None:
        self.asked.append("close")


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What transports of the made-up kind were asked, in order."""
    monkeypatch.setitem(KINDS, KIND, TransportKind("Made up", MadeUp))
    monkeypatch.setattr(MadeUp, "asked", [])
    return MadeUp.asked


def connected(cast: Cast) -> Connector:
    alice = cast.actor(cast.alice)
    connector = draft_connector(cast.acme, slug="weather", name="Weather", kind=KIND, actor=alice)
    save_connection(connector, url="https://weather.example/", allow_internal=False, actor=alice)
    save_authentication(connector, type="none", actor=alice)
    return approved(activate_connector(connector, actor=alice))


@pytest.mark.django_db
def test_its_server_is_looked_at_tried_and_checked_through_its_own_transport(cast: Cast, made_up: list[str]) -> None:
    connector = connected(cast)
    run = sync_connector(connector, actor=cast.actor(cast.alice))
    assert (run.is_success, run.added) == (True, ["weather"]), run.error
    assert made_up == ["discover", "list_tools", "close"]
    assert {finding.kind for finding in try_connection(connector, actor=cast.actor(cast.alice))} == {"ok"}
    Connector.objects.update(checked_at=None)
    assert check_health() == {connector.id: "up"}
    assert made_up.count("discover") == 3


@pytest.mark.django_db(transaction=True)
def test_a_call_goes_through_its_own_transport(cast: Cast, made_up: list[str]) -> None:
    sync_connector(connected(cast), actor=cast.actor(cast.alice))
    tool = Tool.objects.get(name="weather")
    Tool.objects.update(is_enabled=True)
    ToolPermission.objects.create(tool=tool, role="owner")
    found = try_tool(tool.id, b"{}", actor=cast.actor(cast.alice))
    assert (found.verdict, found.error) == ("run", "")
    assert "made-up rain" in found.result_json
    assert made_up[-2:] == ["tools/call weather", "close"]


@pytest.mark.django_db
def test_the_wizard_asks_for_the_kind_where_there_are_two(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(cast.alice)
    for kind in KINDS.keys() - {NATIVE}:
        monkeypatch.delitem(KINDS, kind)
    page = client.get(reverse("connectors:new")).content.decode()
    assert 'name="kind"' not in page, "one kind is no choice"
    monkeypatch.setitem(KINDS, KIND, TransportKind("Made up", MadeUp))
    page = client.get(reverse("connectors:new")).content.decode()
    assert 'name="kind"' in page and "Made up" in page
    client.post(reverse("connectors:new"), {"name": "Weather", "kind": KIND})
    made = Connector.objects.get()
    assert made.kind == KIND
    client.post(reverse("connectors:setup_basics", args=[made.pk]), {"name": "Rain", "slug": "rain", "kind": "native"})
    made.refresh_from_db()
    assert (made.name, made.kind) == ("Rain", KIND), "a kind is for good"


@pytest.mark.django_db
def test_pages_call_a_connectors_kind_by_its_label(client: Client, cast: Cast, made_up: list[str]) -> None:
    client.force_login(cast.alice)
    connector = connected(cast)
    for label, kind in (("Made up", KIND), ("Native MCP server", "native"), ("long-gone", "long-gone")):
        Connector.objects.update(kind=kind)
        assert f">{label}</span>" in client.get(reverse("connectors:list")).content.decode()
        page = client.get(reverse("connectors:detail", args=[connector.pk])).content.decode()
        assert f"{label} at <code>https://weather.example/</code>" in page


def test_api_and_set_up_file_take_it(made_up: list[str]) -> None:
    part = {"slug": "weather", "name": "Weather", "url": "https://weather.example", "kind": KIND}
    given = NewConnectorSerializer(data=part)
    assert given.is_valid() and given.validated_data["kind"] == KIND
    assert KIND in ConnectorSerializer().fields["kind"].choices
    text = {"organization": {"slug": "acme", "name": "Acme"}}
    assert setup_file.read(json.dumps({**text, "connectors": [part]}).encode()).connectors[0].kind == KIND
    with pytest.raises(setup_file.SetupFileError, match=r"“carrier-pigeon”.*native.*\[0\]\.kind"):
        setup_file.read(json.dumps({**text, "connectors": [{**part, "kind": "carrier-pigeon"}]}).encode())


@pytest.mark.django_db
def test_a_kind_that_nobody_knows_is_refused_and_never_spoken_to(cast: Cast) -> None:
    with pytest.raises(ConnectorError) as refused:
        draft_connector(cast.acme, slug="x", name="X", kind="carrier-pigeon", actor=cast.actor(cast.alice))
    assert refused.value.field == "kind"

    async def ask() -> None:
        async with transports_for_a_while() as transports:
            transports.transport_for("carrier-pigeon")

    with pytest.raises(UpstreamBroken) as problem:
        asyncio.run(ask())
    assert not problem.value.is_outcome_open


async def test_each_kind_has_one_transport_over_one_egress_made_when_it_is_asked_for(made_up: list[str]) -> None:
    egress = AsyncEgress()
    transports = Transports(egress)
    first: Transport = transports.transport_for(KIND)
    assert first is transports.transport_for(KIND)
    assert isinstance(first, MadeUp) and first.egress is egress
    await transports.close()
    assert made_up == ["close"], "the native transport wasn't made, so there was nothing to close"
    await egress.close()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_in_its_place_and_written_about(kind: str) -> None:
    """A file or folder in transports/ that only the dictionary imports, a line there with a label, a column that holds
    its name, a word in the description of the set-up file."""
    column = Connector._meta.get_field("kind")
    assert len(kind) <= (column.max_length or 0)
    assert KINDS[kind].label
    module = getattr(KINDS[kind].make, "__module__", "")
    assert module.startswith(f"connectors.transports.{kind}"), f"{module} belongs into connectors/transports/{kind}"
    assert f"connectors.transports.{kind}" in _known_to_the_dictionary_alone(), "pyproject.toml: protected_modules"
    assert f"`{kind}`" in (ROOT / "docs/setup-file.md").read_text(encoding="utf-8")


def _known_to_the_dictionary_alone() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    protected = (one for one in contracts if one.get("allowed_importers") == ["connectors.transports.kinds"])
    return list(next(protected)["protected_modules"])


def test_the_kind_of_connectors_that_say_none_is_one_of_them() -> None:
    assert Connector().kind in KINDS
