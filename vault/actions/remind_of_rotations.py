"""Reminds the owners of credentials, by mail and in the app, before and after the date of rotation."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.urls import reverse
from django.utils.formats import date_format

from audit.actor import SYSTEM, Actor, Label
from audit.record import record
from harriet.people.actions.notice_person import notice_person
from harriet.people.models import Membership, User
from harriet.people.roles import Role
from vault.events import CredentialReminded
from vault.models import Credential

DAYS_BEFORE = (14, 3)
"""Of the day when a secret is due."""
log = logging.getLogger(__name__)


def remind_of_rotations(now: datetime | None = None, *, actor: Actor = SYSTEM) -> int:
    """Reminds of every credential that is due or soon will be; returns how many people were told.

    Each person is told once at each stage: 14 days before, 3 days before, on the day, then every week. When Harriet
    didn't run for a while only the latest stage is told. `now` is the database's time.
    """
    moment = now or _database_now()
    tomorrow = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    soon = Credential.objects.filter(rotation_due_at__lt=tomorrow + timedelta(days=max(DAYS_BEFORE)))
    told = 0
    for credential in soon.select_related("organization", "owner").order_by("rotation_due_at"):
        try:
            told += _remind(credential, moment, actor)
        except Exception:  # one credential must not keep the others from being told of
            log.exception("Could not remind of the rotation of credential %s", credential.pk)
    return told


def stage_of(due: datetime, now: datetime) -> str:
    """Names the stage that `now` is in, and with it the reminder that is sent once."""
    days = (due.date() - now.date()).days
    if days > min(DAYS_BEFORE):
        return f"{max(DAYS_BEFORE)} days before"
    if days > 0:
        return f"{min(DAYS_BEFORE)} days before"
    weeks = -days // 7
    return f"{weeks} weeks after" if weeks else "due"


def recipients_of(credential: Credential) -> list[User]:
    """The owner; when there is none or they are inactive, the owners and IT admins of the organization."""
    active = Membership.objects.filter(
        organization=credential.organization_id, is_active=True, user__is_active=True
    ).select_related("user")
    own = active.filter(user=credential.owner_id) if credential.owner_id else active.none()
    found = own or active.filter(role__in=[Role.OWNER, Role.MCP_ADMIN])
    return [membership.user for membership in found.order_by("user__email")]


@transaction.atomic
def _remind(credential: Credential, now: datetime, actor: Actor) -> int:
    due = credential.rotation_due_at
    if due is None:
        return 0
    key = f"rotation:{credential.pk}:{due.date()}:{stage_of(due, now)}"
    text, path = _text(credential, due, now), reverse("vault:list")
    people = [
        user
        for user in recipients_of(credential)
        if notice_person(user, credential.organization, text, path, key, mail=True)
    ]
    if people:
        _record(credential, due, people, actor)
    return len(people)


def _text(credential: Credential, due: datetime, now: datetime) -> str:
    days = (due.date() - now.date()).days
    day = date_format(due, "j F Y")
    if days > 0:
        when = f"is due for rotation on {day}, in {days} day{'s' if days > 1 else ''}"
    else:
        when = f"was due for rotation on {day}" if days else "is due for rotation today"
    orphaned = "" if credential.owner_id else " It has no owner: choose one."
    return f"The secret of {credential.name} {when}. Replace it under Integrations, Authentication.{orphaned}"


def _record(credential: Credential, due: datetime, people: list[User], actor: Actor) -> None:
    record(
        CredentialReminded(
            connector=Label(credential.connector_id, credential.name),
            credential=str(credential.pk),
            recipients=", ".join(user.email for user in people),
            due=due.date().isoformat(),
        ),
        organization_id=credential.organization_id,
        actor=actor,
    )


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        row = cursor.fetchone()
    now: datetime = row[0]
    return now
