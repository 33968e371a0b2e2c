"""Makes the code that a machine enters to be set up, for the person of its invitation, who alone sees it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Least, Now

from audit.actor import Actor
from audit.record import record
from harriet.lib.secret import Secret
from harriet.people.actions.issue_device_credential import check_days
from harriet.people.actors import person_label
from harriet.people.enrolment_codes import hash_code, new_code
from harriet.people.errors import NotFound
from harriet.people.events import EnrolmentCodeMade
from harriet.people.holders import demand_self
from harriet.people.models import DeviceInvitation
from harriet.people.names import clean_name
from harriet.people.queries import open_device_invitations

CODE_LASTS = timedelta(hours=1)
GONE = "This invitation was used or withdrawn, or is older than 24 hours. Make another under My AI, Devices."


def make_enrolment_code(
    invitation: DeviceInvitation,
    *,
    device_name: str,
    client: str,
    profile_id: UUID,
    expires_in_days: int,
    actor: Actor,
) -> Secret:
    """An earlier code of the same invitation works no more. `profile_id` must be one of theirs: the caller checks."""
    demand_self(actor, invitation.organization, invitation.user)
    device_name = clean_name(device_name, field="device_name", longest=80)
    check_days(expires_in_days)
    code = new_code()
    with transaction.atomic():
        changed = (
            open_device_invitations()
            .filter(pk=invitation.pk)
            .update(
                device_name=device_name,
                client=client,
                profile_id=profile_id,
                expires_in_days=expires_in_days,
                code_hash=hash_code(code.reveal()),
                code_expires_at=Least(Now() + CODE_LASTS, "expires_at"),
            )
        )
        if not changed:
            raise NotFound(GONE)
        event = EnrolmentCodeMade(person=person_label(invitation.user), name=device_name)
        record(event, organization_id=invitation.organization_id, actor=actor)
    return code
