"""Sets up the device that somebody entered a code on: it gets its credential, and the code is used up."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Now

from audit.record import record
from harriet.lib.secret import Secret
from harriet.people.actions.invite_device import matter_of
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.register_device import register_device
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actors import actor_of, device_label, person_label
from harriet.people.errors import NotFound
from harriet.people.events import DeviceEnrolled
from harriet.people.models import AccessToken, Device, DeviceInvitation
from harriet.people.queries import invitation_with_code, machines_of

NO_SUCH_CODE = (
    "This code is mistyped, used or too old: codes work once, for an hour. Make another where you made this one."
)


class Enrolled(NamedTuple):
    invitation: DeviceInvitation
    token: AccessToken
    secret: Secret


def enrol_device(code: str, *, credential_name: str) -> Enrolled:
    """Whoever has the code is the person who made it: they alone have seen it. A device of theirs with that name gets
    one more credential. Raises NotFound, alike for every code that opens nothing."""
    with transaction.atomic():
        invitation = invitation_with_code(code, is_locked=True)
        if invitation is None:
            raise NotFound(NO_SUCH_CODE)
        actor, device = actor_of(invitation.user), _device(invitation)
        issued = issue_device_credential(
            device,
            name=credential_name[:80],
            expires_in_days=invitation.expires_in_days,
            profile_id=invitation.profile_id,
            actor=actor,
        )
        DeviceInvitation.objects.filter(pk=invitation.pk).update(used_at=Now(), device=device, code_hash=None)
        settle_matter(invitation.organization_id, matter_of(invitation))
        event = DeviceEnrolled(person=person_label(invitation.user), device=device_label(device))
        record(event, organization_id=invitation.organization_id, actor=actor)
    return Enrolled(invitation, issued.token, issued.secret)


def _device(invitation: DeviceInvitation) -> Device:
    mine = machines_of(invitation.organization, invitation.user)
    known = mine.filter(name=invitation.device_name).first()
    return known or register_device(
        invitation.organization, invitation.user, invitation.device_name, actor=actor_of(invitation.user)
    )
