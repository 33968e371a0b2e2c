"""Tell those who answer for the audit log what its last verification found: once for each fault."""

from __future__ import annotations

import hashlib
from uuid import UUID

from audit.verification.checkpoints import last_verification
from harriet.people.actions.settle_matter import settle_kind
from harriet.people.actions.tell_people import tell_people
from harriet.people.notifications.kinds import LOG_FAULT, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Power, roles_with

LOG = "/settings/audit/"
"""A page of the console, some floors above."""


def tell_of_log(organization_id: UUID) -> None:
    """A log that is sound again settles what was told of it."""
    checked = last_verification(organization_id)
    if checked is None:
        return
    if not checked.fault:
        settle_kind(organization_id, LOG_FAULT)
        return
    cause = hashlib.sha256(checked.fault.encode()).hexdigest()[:32]
    more = f" ({checked.faults} faults in all)" if checked.faults > 1 else ""
    text = f"The audit log was verified, and something is wrong with it{more}: {checked.fault}"
    matter = Matter(LOG_FAULT, organization_id, f"log fault {cause}", text, LOG)
    tell_people(matter, with_roles(organization_id, roles_with(Power.VIEW_AUDIT)))
