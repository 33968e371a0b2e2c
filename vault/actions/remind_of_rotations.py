"""Reminds the owners of credentials, by mail and in the app, before and after the date of rotation."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.formats import date_format

from audit.actor import SYSTEM, Actor, Label
from audit.record import record
from harriet.lib.batches import in_batches
from harriet.lib.database_clock import database_now
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.actions.tell_people import tell_people
from harriet.people.models import Notice, User
from harriet.people.notifications.kinds import SECRET_DUE, Matter
from harriet.people.notifications.recipients import who_look_after_each
from vault.actions.settle_reminders import reminder_key
from vault.events import CredentialReminded
from vault.models import Credential

DAYS_BEFORE = (14, 3)
"""Of the day when a secret is due."""
AT_ONCE = 500
"""Credentials that are looked at together."""
log = logging.getLogger(__name__)


def remind_of_rotations(now: datetime | None = None, *, actor: Actor = SYSTEM) -> int:
    """Reminds of every credential that is due or soon will be; returns how many people were told.

    Each person is told once at each stage: 14 days before, 3 days before, on the day, then every week. When Harriet
    didn't run for a while only the latest stage is told. `now` is the database's time.
    """
    moment = now or database_now()
    tomorrow = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    soon = Credential.objects.filter(rotation_due_at__lt=tomorrow + timedelta(days=max(DAYS_BEFORE)))
    told = 0
    for some in in_batches(soon.order_by("rotation_due_at", "pk").iterator(chunk_size=AT_ONCE), AT_ONCE):
        for credential, hear in _untold(some, moment):
            try:
                told += _remind(credential, hear, moment, actor)
            except Exception:  # one credential must not keep the others from being told of
                log.exception("Could not remind of the rotation of credential %s", credential.pk)
    return told


def _untold(credentials: list[Credential], now: datetime) -> list[tuple[Credential, list[UUID]]]:
    """Those of which somebody who is to hear was not told at this stage, with all who are to hear. Three questions
    however many there are: mostly everybody was."""
    hearing = who_look_after_each((one.organization_id, one.owner_id) for one in credentials)
    keys = {one.pk: _key(one, now) for one in credentials}
    lines = Notice.objects.filter(organization__in={one.organization_id for one in credentials}, key__in=keys.values())
    told = set(lines.filter(settled_at=None).values_list("key", "user_id"))
    found = [(one, hearing[one.organization_id, one.owner_id]) for one in credentials]
    return [(one, hear) for one, hear in found if any((keys[one.pk], user_id) not in told for user_id in hear)]


def _key(credential: Credential, now: datetime) -> str:
    due = credential.rotation_due_at
    return f"{reminder_key(credential)}{due.date()}:{stage_of(due, now)}" if due else ""


def stage_of(due: datetime, now: datetime) -> str:
    """Names the stage that `now` is in, and with it the reminder that is sent once."""
    days = (due.date() - now.date()).days
    if days > min(DAYS_BEFORE):
        return f"{max(DAYS_BEFORE)} days before"
    if days > 0:
        return f"{min(DAYS_BEFORE)} days before"
    weeks = -days // 7
    return f"{weeks} weeks after" if weeks else "due"


@transaction.atomic
def _remind(credential: Credential, hear: list[UUID], now: datetime, actor: Actor) -> int:
    due = credential.rotation_due_at
    if due is None:
        return 0
    organization_id, key = credential.organization_id, _key(credential, now)
    text = _text(credential, due, now, is_looked_after=credential.owner_id in hear)
    people = tell_people(Matter(SECRET_DUE, organization_id, key, text, reverse("vault:list")), hear)
    if people:
        settle_matters(organization_id, reminder_key(credential), besides=key)
        _record(credential, due, people, actor)
    return len(people)


def _text(credential: Credential, due: datetime, now: datetime, *, is_looked_after: bool) -> str:
    days = (due.date() - now.date()).days
    day = date_format(due, "j F Y")
    if days > 0:
        when = f"is due for rotation on {day}, in {days} day{'s' if days > 1 else ''}"
    else:
        when = f"was due for rotation on {day}" if days else "is due for rotation today"
    orphaned = "" if is_looked_after else " Nobody who is active here owns it: choose somebody."
    return f"The secret of {credential.name} {when}. Replace it under Integrations, Authentication.{orphaned}"


def _record(credential: Credential, due: datetime, people: list[UUID], actor: Actor) -> None:
    record(
        CredentialReminded(
            connector=Label(credential.connector_id, credential.name),
            credential=str(credential.pk),
            recipients=", ".join(User.objects.filter(pk__in=people).order_by("email").values_list("email", flat=True)),
            due=due.date().isoformat(),
        ),
        organization_id=credential.organization_id,
        actor=actor,
    )
