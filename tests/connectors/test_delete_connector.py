"""Deleting says what goes with it, asks for the name, and takes the credential along."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.actions.create_profile import create_profile
from connectors.actions.set_tool import set_tool
from connectors.models import Connector, Profile, Tool
from connectors.pages.consequences import consequences_of
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting
from vault.models import CredentialVersion


def test_the_consequences_are_told_first(client: Client, cast: Cast, connect: Connecting) -> None:
    alice = cast.actor(cast.alice)
    crm = connect.synced(secret="hush-hush")
    set_tool(crm.tools.get(name="send_mail"), is_enabled=True, groups=[cast.sales], actor=alice)
    create_profile(cast.acme, slug="work", name="Work", groups=[cast.sales], connectors=[crm], actor=alice)
    told = consequences_of(crm)
    assert (told.offered, [one.name for one in told.profiles]) == ("3 tools", ["Work"])
    assert [one.note for one in told.people.choices] == ["dana@acme.test"]
    assert told.credential is not None
    client.force_login(cast.alice)
    url = reverse("connectors:delete", args=[crm.pk])
    page = client.get(url).content.decode()
    assert "3 tools" in page and "dana@acme.test" in page and "Its credential in the vault" in page
    assert client.post(url, {"confirmation": "crmm"}).status_code == 400
    assert Connector.objects.exists()
    client.post(url, {"confirmation": "CRM"})
    assert not Connector.objects.exists() and not Tool.objects.exists() and not CredentialVersion.objects.exists()
    assert Profile.objects.get().connectors.count() == 0
    assert Event.objects.filter(code="connector.deleted").count() == 1


def test_the_events_outlive_it(cast: Cast, connect: Connecting) -> None:
    from connectors.actions.delete_connector import delete_connector

    crm = connect.synced()
    pk = crm.pk
    delete_connector(crm, actor=cast.actor(cast.alice))
    assert Event.objects.filter(connector_id=pk).count() > 5
