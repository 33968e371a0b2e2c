"""Invites a device: its person opens the invitation, signed in, and sets the device up within a day."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.issue_device_credential import active_membership, check_days
from harriet.people.actions.notice_person import notice_person
from harriet.people.actors import person_behind, person_label
from harriet.people.events import DeviceInvited
from harriet.people.holders import demand_for, is_own
from harriet.people.models import DeviceInvitation, Organization, User
from harriet.people.names import clean_name
from harriet.people.queries import enrolment_path

LASTS = timedelta(hours=24)


def invite_device(
    organization: Organization,
    user: User,
    *,
    device_name: str,
    client: str = "",
    profile_id: UUID | None = None,
    expires_in_days: int = 90,
    actor: Actor,
) -> DeviceInvitation:
    """For somebody else it goes to their inbox and mail; nobody but they can open it. `profile_id` must be of the
    organization: the caller checks. Raises PeopleError."""
    demand_for(actor, organization, user)
    device_name = clean_name(device_name, field="device_name", longest=80)
    check_days(expires_in_days)
    with transaction.atomic():
        active_membership(organization, user)
        invitation = DeviceInvitation.objects.create(
            organization=organization,
            user=user,
            device_name=device_name,
            client=client,
            profile_id=profile_id,
            expires_in_days=expires_in_days,
            invited_by=person_behind(actor),
            expires_at=Now() + LASTS,
        )
        invitation.refresh_from_db()
        _tell(invitation, actor)
    return invitation


def _tell(invitation: DeviceInvitation, actor: Actor) -> None:
    organization, user, name = invitation.organization, invitation.user, invitation.device_name
    record(DeviceInvited(person=person_label(user), name=name), organization_id=organization.pk, actor=actor)
    if is_own(actor, organization, user):
        return
    text = f"{actor.label} invites you to set up {name}. Open it within 24 hours, on that device if you can."
    notice_person(user, organization, text, enrolment_path(invitation.pk), matter_of(invitation), mail=True)


def matter_of(invitation: DeviceInvitation) -> str:
    """The key of its line in the inbox."""
    return f"device invitation {invitation.pk}"
