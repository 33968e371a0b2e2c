"""Several secrets at once: another owner, another schedule. The secrets stay as they are."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.stage.cast import Cast
from tests.stage.connectors import new_connector
from tests.stage.credentials import save_token
from vault.models import Credential


@pytest.fixture
def secrets(cast: Cast) -> list[Credential]:
    for slug in ("crm", "erp"):
        made = new_connector(cast.acme, "https://127.0.0.1:9/mcp", slug=slug)
        made.save()
        save_token(cast, made.pk, name=slug.upper(), secret=f"sk-{slug}-0123456789")
    Credential.objects.filter(name="ERP").update(owner=cast.bob)
    Credential.objects.filter(name="CRM").update(owner=None)
    return list(Credential.objects.order_by("name"))


def send(client: Client, action: str, rows: list[Credential], **more: str) -> str:
    sent = {"action": action, "ids": [str(row.pk) for row in rows]} | more
    return re.sub(r"\s+", " ", client.post("/settings/vault/change/", sent, follow=True).content.decode())


def test_alice_hands_secrets_over(client: Client, cast: Cast, secrets: list[Credential]) -> None:
    client.force_login(cast.alice)
    assert "Show what will change" in send(client, "owner", secrets, owner=str(cast.charlie.pk), sure="1")
    preview = send(client, "owner", secrets, owner=str(cast.bob.pk), filled="1")
    assert "1 of 2 secrets will be given to Bob; 1 stays as it is." in preview
    assert "because Bob looks after it already" in preview
    assert "1 secret was given to Bob: CRM." in send(client, "owner", secrets, owner=str(cast.bob.pk), sure="1")
    assert set(Credential.objects.values_list("owner", flat=True)) == {cast.bob.pk}


def test_alice_gives_them_a_schedule_and_takes_it_back(client: Client, cast: Cast, secrets: list[Credential]) -> None:
    client.force_login(cast.alice)
    told = send(client, "interval", secrets, rotate_every_days="30", sure="1")
    assert "2 secrets were made due every 30 days: CRM, ERP." in told
    assert not Credential.objects.filter(rotation_due_at=None).exists()
    assert set(Credential.objects.values_list("owner", flat=True)) == {None, cast.bob.pk}, "owners stay"
    assert "because its schedule is that already" in send(client, "interval", secrets, rotate_every_days="30", sure="1")
    assert "2 secrets were left without a schedule" in send(client, "interval", secrets, rotate_every_days="", sure="1")
    assert not Credential.objects.exclude(rotation_due_at=None).exists()


@pytest.mark.parametrize("days", ["0", "-1", "99999", "x"])
def test_a_schedule_that_is_none_changes_nothing(
    client: Client, cast: Cast, secrets: list[Credential], days: str
) -> None:
    client.force_login(cast.alice)
    before = list(Credential.objects.values_list("rotation_due_at", flat=True))
    page = send(client, "interval", secrets, rotate_every_days=days, sure="1")
    assert "Show what will change" in page and page.count('name="ids"') == 2
    assert list(Credential.objects.values_list("rotation_due_at", flat=True)) == before


def test_who_may_not_does_not(client: Client, cast: Cast, secrets: list[Credential]) -> None:
    client.force_login(cast.bob)
    sent = {"action": "interval", "ids": [str(secrets[0].pk)], "sure": "1"}
    assert client.post("/settings/vault/change/", sent).status_code == 403
    client.force_login(cast.charlie)
    assert "Nothing was changed" in send(client, "interval", secrets, sure="1")
