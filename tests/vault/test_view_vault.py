"""The vault page tells everything about the secrets but the secrets."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.stage.cast import Cast
from tests.stage.credentials import TOKEN, save_token
from vault.models import Credential

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client: Client, cast: Cast) -> Client:
    client.force_login(cast.alice)
    return client


def page(client: Client, query: str = "") -> str:
    answer = client.get(reverse("vault:list") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_vault_says_what_will_be_here(alice: Client) -> None:
    assert "No secrets yet" in page(alice)


def test_alice_sees_owner_version_due_date_and_no_value(alice: Client, cast: Cast) -> None:
    credential = save_token(cast)
    save_token(cast, credential.connector_id)
    shown = page(alice)
    assert "CRM" in shown
    assert "version 2" in shown
    assert "Authorization (header)" in shown
    assert "In time" in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(("days", "word"), [(-2, "Overdue"), (0, "Due today"), (5, "Due soon"), (30, "In time")])
def test_the_due_date_is_a_word(alice: Client, cast: Cast, days: int, word: str) -> None:
    save_token(cast)
    Credential.objects.update(rotation_due_at=timezone.now() + timedelta(days=days))
    assert word in page(alice)
    assert ("Nothing is due" in page(alice, "?show=due")) == (days == 30)


def test_others_see_what_their_role_may(client: Client, cast: Cast) -> None:
    credential = save_token(cast)
    schedule = reverse("vault:schedule", args=[credential.pk])
    for person, list_status, schedule_status in (
        (cast.bob, 200, 403),
        (cast.dana, 403, 403),
        (cast.charlie, 200, 404),
    ):
        client.force_login(person)
        listed = client.get(reverse("vault:list"))
        assert listed.status_code == list_status
        assert ("CRM" in listed.content.decode()) == (person == cast.bob)
        assert client.get(schedule).status_code == schedule_status
        assert client.post(schedule, {"rotate_every_days": "1"}).status_code == schedule_status
    client.logout()
    assert client.get(reverse("vault:list")).status_code == 302
    assert Credential.objects.get().rotate_every_days == 90


def test_alice_changes_owner_and_rotation_without_the_secret(alice: Client, cast: Cast) -> None:
    credential = save_token(cast)
    schedule = reverse("vault:schedule", args=[credential.pk])
    assert "secret" not in alice.get(schedule).context["form"].fields
    answer = alice.post(schedule, {"owner": str(cast.bob.pk), "rotate_every_days": "30"}, follow=True)
    assert "Saved who looks after the secret of CRM" in answer.content.decode()
    credential.refresh_from_db()
    assert (credential.owner, credential.rotate_every_days) == (cast.bob, 30)
    assert credential.versions.count() == 1


def test_what_can_not_be_is_said_beside_the_field(alice: Client, cast: Cast) -> None:
    schedule = reverse("vault:schedule", args=[save_token(cast).pk])
    answer = alice.post(schedule, {"owner": str(cast.charlie.pk), "rotate_every_days": "0"})
    assert set(answer.context["form"].errors) == {"owner", "rotate_every_days"}
    assert Credential.objects.get().owner == cast.alice
