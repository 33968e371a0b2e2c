"""Several connectors at once: the page says what will change and what stays, does it, and says what has changed."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors import tasks
from connectors.models import Connector, SyncRun
from tests.stage.cast import Cast
from tests.stage.connectors import new_connector

URL = "/settings/integrations/change/"


@pytest.fixture
def six(cast: Cast) -> list[Connector]:
    """Five that are active, and a draft."""
    made = Connector.objects.bulk_create(
        new_connector(cast.acme, "https://127.0.0.1:9/mcp", slug=f"c{number}", name=f"Connector {number}")
        for number in range(6)
    )
    Connector.objects.filter(pk=made[5].pk).update(name="Wiki", state=Connector.State.DRAFT)
    return list(Connector.objects.filter(organization=cast.acme).order_by("name"))


def send(client: Client, action: str, rows: list[Connector], **more: str) -> str:
    sent = {"action": action, "ids": [str(row.pk) for row in rows]} | more
    return re.sub(r"\s+", " ", client.post(URL, sent, follow=True).content.decode())


def states(cast: Cast) -> list[str]:
    return list(Connector.objects.filter(organization=cast.acme).order_by("name").values_list("state", flat=True))


def test_alice_pauses_five_of_six_and_reads_which(client: Client, cast: Cast, six: list[Connector]) -> None:
    client.force_login(cast.alice)
    preview = send(client, "pause", six)
    assert "5 of 6 connectors will be paused; 1 stays as it is." in preview
    assert 'Wiki</bdi> <span class="soft">because it is a draft' in preview
    assert states(cast) == ["active"] * 5 + ["draft"], "nothing has changed yet"
    told = send(client, "pause", six, sure="1")
    assert "5 connectors were paused: Connector 0, Connector 1, Connector 2, Connector 3, Connector 4." in told
    assert "1 stays as it was: Wiki, because it is a draft." in told
    assert states(cast) == ["paused"] * 5 + ["draft"]
    paused = Event.objects.filter(organization_id=cast.acme.pk, code="connector.paused")
    assert paused.count() == 5 and {event.person_id for event in paused} == {cast.alice.pk}


def test_the_filters_and_the_order_are_kept_through_it(client: Client, cast: Cast, six: list[Connector]) -> None:
    client.force_login(cast.alice)
    listed = client.get("/settings/integrations/?q=connector&sort=-name").content.decode()
    assert 'name="list" value="q=connector&amp;sort=-name"' in listed
    kept = {"list": "q=connector&sort=-name&ticked=1"}
    preview = send(client, "pause", six[:1], **kept)
    assert f'href="/settings/integrations/?q=connector&amp;sort=-name&amp;ticked={six[0].pk}"' in preview
    assert 'name="list" value="q=connector&amp;sort=-name&amp;ticked=1"' in preview
    sent = {"action": "pause", "ids": [str(six[0].pk)], "sure": "1"} | kept
    assert client.post(URL, sent)["Location"] == "/settings/integrations/?q=connector&sort=-name"
    nothing = client.post(URL, {"action": "pause", "list": "x=//evil.test\r\nA: b"})
    assert nothing["Location"].startswith("/settings/integrations/?x=%2F%2Fevil")


def test_what_changed_after_the_preview_is_told(client: Client, cast: Cast, six: list[Connector]) -> None:
    client.force_login(cast.alice)
    send(client, "pause", six[:2])
    Connector.objects.filter(pk=six[0].pk).update(state=Connector.State.PAUSED)
    told = send(client, "pause", six[:2], sure="1")
    assert "1 connector was paused: Connector 1." in told
    assert "Connector 0, because it is paused already." in told


def test_when_nothing_can_change_there_is_nothing_to_confirm(client: Client, cast: Cast, six: list[Connector]) -> None:
    client.force_login(cast.alice)
    preview = send(client, "resume", six[:2], sure="1")
    assert "None of 2 connectors can be resumed." in preview and 'name="sure"' not in preview
    back = re.search(r'href="(/settings/integrations/\?[^"]+)"', preview)
    assert back
    again = client.get(back[1].replace("&amp;", "&")).content.decode()
    assert again.count(" checked") == 2 + again.partition("<thead>")[0].count(" checked"), "the ticks are kept"


@pytest.mark.parametrize("action", ["pause", "resume", "sync", "test", "", "delete"])
def test_without_a_tick_nothing_happens(client: Client, cast: Cast, six: list[Connector], action: str) -> None:
    client.force_login(cast.alice)
    assert "Nothing was changed" in send(client, action, [], sure="1")
    assert states(cast) == ["active"] * 5 + ["draft"]


def test_synced_and_tested_in_the_background_as_who_asked(client: Client, cast: Cast, six: list[Connector]) -> None:
    client.force_login(cast.alice)
    assert "5 of 6 connectors will be put in line to be synced" in send(client, "sync", six)
    told = send(client, "sync", six, sure="1")
    assert "5 connectors were put in line to be synced" in told
    tasks.sync_for(str(six[0].pk), str(cast.alice.pk))
    tasks.sync_for(str(six[5].pk), str(cast.alice.pk))
    assert [run.connector_id for run in SyncRun.objects.all()] == [six[0].pk], "a draft is not synced"
    tasks.test_for(str(six[0].pk), str(cast.alice.pk))
    tested = Event.objects.get(organization_id=cast.acme.pk, code="connector.tested")
    assert tested.person_id == cast.alice.pk


def test_nobody_else_changes_them(client: Client, cast: Cast, six: list[Connector]) -> None:
    client.force_login(cast.bob)
    assert client.post(URL, {"action": "pause", "ids": [str(six[0].pk)], "sure": "1"}).status_code == 403
    outsider = Client()
    outsider.force_login(cast.charlie)
    assert "Nothing was changed" in send(outsider, "pause", six, sure="1")
    assert states(cast) == ["active"] * 5 + ["draft"]
    client.force_login(cast.bob)
    assert 'name="ids"' not in client.get(reverse("connectors:list")).content.decode()
