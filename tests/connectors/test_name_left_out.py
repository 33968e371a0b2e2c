"""What a sync leaves out or mends is named with its reason, on the pages and in the API, with how many more."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.test import Client
from django.urls import reverse

from connectors.actions.sync_connector import summary_of, sync_connector
from connectors.models import SyncRun, Tool, ToolVersion
from harriet.lib.json.canonical import digest
from tests.servers.moody import Server, tool
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting

LOOSE = {"name": "loose", "title": None, "description": 5, "inputSchema": {"properties": None}}
MENDED = {"name": "loose", "description": "5", "inputSchema": {"type": "object"}}


def offer_odd_tools(server: Server, count: int) -> None:
    odd = [{"name": f"odd_{number:03}", "inputSchema": {"type": "array"}} for number in range(count)]
    server.tools = [*odd, LOOSE, tool("send_mail")]


def test_a_mended_tool_is_pinned_as_mended(cast: Cast, server: Server, connect: Connecting) -> None:
    server.tools = [LOOSE]
    connector, alice = connect(), cast.actor(cast.alice)
    run = sync_connector(connector, actor=alice)
    assert (run.added, run.refused, run.mended_count) == (["loose"], [], 1)
    version = ToolVersion.objects.get()
    assert (version.definition, bytes(version.digest)) == (MENDED, digest(MENDED))
    assert Tool.objects.get().description == "5"
    assert sync_connector(connector, actor=alice).changed == []
    server.tools = [MENDED]
    run = sync_connector(connector, actor=alice)
    assert (run.changed, summary_of(run)) == ([], "1 tool found, nothing changed.")
    server.tools = [{**LOOSE, "description": 6}]
    assert sync_connector(connector, actor=alice).changed == ["loose"]


def test_each_is_named_on_the_pages(client: Client, cast: Cast, server: Server, connect: Connecting) -> None:
    offer_odd_tools(server, 150)
    connector = connect.synced()
    run = SyncRun.objects.get()
    assert (len(run.refused), run.refused_count, run.mended_count) == (100, 150, 1)
    assert summary_of(run) == "2 tools found: 2 new (disabled), 150 left out, 1 mended."
    client.force_login(cast.alice)
    page = client.get(reverse("connectors:detail", args=[connector.pk])).content.decode()
    assert "Left out: 150" in page and "and 130 more" in page
    assert "The tool “odd_000” was left out: its inputSchema is of type “array”" in page
    assert "The tool “loose” was mended: its description was a number, and is text now" in page
    activity = client.get(reverse("connectors:activity", args=[connector.pk])).content.decode()
    assert "Left out: 150" in activity and "and 145 more" in activity
    server.is_broken = True
    assert not sync_connector(connector, actor=cast.actor(cast.alice)).is_success
    page = client.get(reverse("connectors:detail", args=[connector.pk])).content.decode()
    assert "The last sync failed" in page and "Left out: 150" in page, "what is offered still comes from the one before"
    server.is_broken = False
    offer_odd_tools(server, 0)
    sync_connector(connector, actor=cast.actor(cast.alice))
    assert "Left out" not in client.get(reverse("connectors:detail", args=[connector.pk])).content.decode()


def test_each_is_named_in_the_api(client: Client, cast: Cast, server: Server, connect: Connecting) -> None:
    offer_odd_tools(server, 120)
    connector = connect()
    client.force_login(cast.alice)
    said = client.post(f"/api/v1/connectors/{connector.pk}/sync/").json()
    assert (said["refused_count"], len(said["refused"]), said["mended_count"]) == (120, 100, 1)
    assert said["mended"][0].startswith("The tool “loose” was mended: ")


def test_a_name_offered_twice_alike_is_one_tool(cast: Cast, server: Server, connect: Connecting) -> None:
    server.tools = [tool("send_mail"), tool("send_mail"), tool("twice"), tool("twice", title="Another")]
    run = sync_connector(connect(), actor=cast.actor(cast.alice))
    assert run.added == ["send_mail"]
    assert run.refused == ["“twice” is offered more than once, so neither was taken."]


def test_what_was_pinned_before_is_mended_too(cast: Cast, server: Server, connect: Connecting) -> None:
    """As the migration does it, for the pins of an earlier release."""
    connector = connect.synced()
    version = ToolVersion.objects.get(tool__name="send_mail")
    raw = {**version.definition, "annotations": None, "outputSchema": None}
    ToolVersion.objects.filter(pk=version.pk).update(definition=raw, digest=digest(raw))
    mended = version.definition
    import_module("connectors.migrations.0004_mended_definitions").mend_definitions(apps, None)
    version.refresh_from_db()
    assert (version.definition, bytes(version.digest)) == (mended, digest(mended))
    server.tools[1] = raw
    assert sync_connector(connector, actor=cast.actor(cast.alice)).changed == []
