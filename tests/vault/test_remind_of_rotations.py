"""The owner hears of a rotation 14 and 3 days before, on the day and every week after, once each time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit.models import Event
from harriet.people.models import Membership, Notice
from tests.stage.cast import Cast
from tests.stage.credentials import save_token
from vault.actions.change_schedule import change_schedule
from vault.actions.remind_of_rotations import remind_of_rotations
from vault.errors import CredentialNotFound, CredentialRefused
from vault.models import Credential

pytestmark = pytest.mark.django_db
DUE = datetime(2027, 3, 10, 15, 30, tzinfo=UTC)


@pytest.fixture
def credential(cast: Cast) -> Credential:
    credential = save_token(cast)
    Credential.objects.update(rotation_due_at=DUE)
    return credential


def days_told(cast: Cast, first: int, last: int) -> list[int]:
    """The days from the due date on which somebody was told, asking twice a day."""
    hours = range(first * 24, last * 24 + 24, 12)
    midnight = DUE.replace(hour=0, minute=0)
    told = [hour for hour in hours if remind_of_rotations(midnight + timedelta(hours=hour))]
    return [hour // 24 for hour in told]


def test_the_owner_is_told_once_at_each_stage(cast: Cast, credential: Credential) -> None:
    assert days_told(cast, -16, 22) == [-14, -3, 0, 7, 14, 21]
    texts = list(Notice.objects.filter(user=cast.alice).order_by("created_at").values_list("text", flat=True))
    assert "is due for rotation on 10 March 2027, in 14 days" in texts[0]
    assert "in 3 days" in texts[1]
    assert "is due for rotation today" in texts[2]
    assert "was due for rotation on 10 March 2027" in texts[3]
    assert Event.objects.filter(code="credential.reminded").count() == 6


def test_it_comes_by_mail_too(
    cast: Cast, credential: Credential, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert remind_of_rotations(DUE - timedelta(days=2)) == 1
        assert remind_of_rotations(DUE - timedelta(days=2)) == 0
    (sent,) = mail.outbox
    assert sent.to == [cast.alice.email]
    assert "/settings/vault/" in str(sent.body)


def test_only_the_latest_stage_is_told_after_a_pause(cast: Cast, credential: Credential) -> None:
    assert remind_of_rotations(DUE + timedelta(days=9)) == 1
    assert remind_of_rotations(DUE + timedelta(days=10)) == 0


def test_a_replaced_secret_is_quiet_until_its_next_date(cast: Cast, credential: Credential) -> None:
    assert remind_of_rotations(DUE) == 1
    save_token(cast, credential.connector_id, secret="the-second")
    renewed = Credential.objects.get().rotation_due_at
    assert renewed is not None
    assert remind_of_rotations(renewed - timedelta(days=20)) == 0
    assert remind_of_rotations(renewed) == 1


@pytest.mark.parametrize("why", ["left", "deactivated", "nobody"])
def test_admins_are_told_when_the_owner_can_not_be(cast: Cast, credential: Credential, why: str) -> None:
    Membership.objects.filter(user=cast.bob).update(role="mcp_admin")
    Credential.objects.update(owner=None if why == "nobody" else cast.dana)
    Membership.objects.filter(user=cast.dana).update(is_active=why != "left")
    cast.dana.is_active = why != "deactivated"
    cast.dana.save()
    assert remind_of_rotations(DUE) == 2
    told = Notice.objects.values_list("user__email", flat=True)
    assert set(told) == {cast.alice.email, cast.bob.email}


def test_without_a_schedule_nobody_is_told(cast: Cast, credential: Credential) -> None:
    alice = cast.actor(cast.alice)
    change_schedule(cast.acme, credential.connector_id, owner=cast.bob, rotate_every_days=None, actor=alice)
    assert remind_of_rotations(DUE) == 0


def test_the_schedule_counts_from_the_day_the_secret_was_saved(cast: Cast, credential: Credential) -> None:
    alice = cast.actor(cast.alice)
    changed = change_schedule(cast.acme, credential.connector_id, owner=cast.bob, rotate_every_days=30, actor=alice)
    assert changed.rotation_due_at == credential.versions.get().saved_at + timedelta(days=30)
    assert credential.versions.count() == 1
    change_schedule(cast.acme, credential.connector_id, owner=cast.bob, rotate_every_days=30, actor=alice)
    assert Event.objects.filter(code="credential.schedule_changed").count() == 1


def test_a_schedule_stays_within_the_organization(cast: Cast, credential: Credential) -> None:
    alice, charlie = cast.actor(cast.alice), cast.actor(cast.charlie)
    with pytest.raises(CredentialRefused):
        change_schedule(cast.acme, credential.connector_id, owner=cast.charlie, rotate_every_days=30, actor=alice)
    with pytest.raises(CredentialNotFound):
        change_schedule(cast.globex, credential.connector_id, owner=None, rotate_every_days=30, actor=charlie)


def test_the_task_asks_the_database_for_the_time(cast: Cast) -> None:
    save_token(cast, rotate_every_days=2)
    from vault.tasks import remind_of_rotations_task

    remind_of_rotations_task()
    assert Notice.objects.get().user == cast.alice
