"""What of a server's schemas can't be checked is found at the sync and told to Alice, once and in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.actions.sync_connector import sync_connector
from connectors.models import SyncRun, Tool
from tests.servers.moody import Server
from tests.stage.connectors import Connecting

pytestmark = pytest.mark.django_db

PAGE = r"^[\s\S]{1,65536}$"
TOOLS: list[dict[str, Any]] = [
    {"name": "fine", "inputSchema": {"type": "object", "properties": {"page": {"type": "string", "pattern": PAGE}}}},
    {"name": "dangling", "inputSchema": {"type": "object"}, "outputSchema": {"$ref": "#/$defs/none"}},
    {"name": "remote", "inputSchema": {"type": "object", "properties": {"a": {"$ref": "https://x.test/s.json"}}}},
]


def test_a_sync_says_what_it_cannot_check(connect: Connecting, server: Server, client: Client) -> None:
    client.force_login(connect.cast.alice)
    alice = connect.cast.actor(connect.cast.alice)
    server.tools = TOOLS
    made = connect()
    run = sync_connector(made, actor=alice)
    assert (run.is_success, run.found, run.refused) == (True, 3, [])
    (note,) = run.unchecked
    assert note.startswith("“remote”: of its arguments' schema") and "nothing is fetched" in note
    (mended,) = run.mended
    assert "“dangling”" in mended and "its outputSchema was taken out" in mended and "which isn't there" in mended
    activity = client.get(reverse("connectors:activity", args=[made.pk])).content.decode()
    assert "nothing is fetched" in activity
    for name, is_noted in (("fine", False), ("remote", True)):
        tool = Tool.objects.get(name=name)
        page = client.get(reverse("connectors:tool", args=[made.pk, tool.pk])).content.decode()
        assert ("not everything in the schemas can be checked" in page) == is_noted
    again = sync_connector(made, actor=alice)
    assert again.unchecked == run.unchecked
    assert SyncRun.objects.count() >= 2


def test_alice_asks_for_checks_and_the_log_says_so(connect: Connecting, client: Client) -> None:
    client.force_login(connect.cast.alice)
    made = connect()
    page = reverse("connectors:settings", args=[made.pk])
    assert "left to the server" in client.get(page).content.decode()
    for wanted, said in ((True, "checked against its tools"), (False, "left to the server")):
        answer = client.post(
            reverse("connectors:checks", args=[made.pk]), {"checks_arguments": "on"} if wanted else {}, follow=True
        )
        assert "Saved." in answer.content.decode()
        made.refresh_from_db()
        assert made.checks_arguments is wanted
        event = Event.objects.filter(code="connector.checks_changed").latest("recorded_at")
        assert said in event.body


def test_nobody_else_asks_for_checks(connect: Connecting, client: Client) -> None:
    made = connect()
    for person in (connect.cast.dana, connect.cast.charlie):
        client.force_login(person)
        answer = client.post(reverse("connectors:checks", args=[made.pk]), {"checks_arguments": "on"})
        assert answer.status_code in (403, 404)
    made.refresh_from_db()
    assert not made.checks_arguments
