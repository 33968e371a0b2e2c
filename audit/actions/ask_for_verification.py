"""Asks for a verification of the organization's log; a worker does it and the audit page shows what it found."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.events import AuditCheckAsked
from audit.record import record
from audit.tasks import verify_chain


@transaction.atomic
def ask_for_verification(organization_id: UUID, *, actor: Actor) -> None:
    """The walk over the whole log is a worker's; what it finds stands on the audit page."""
    record(AuditCheckAsked(), organization_id=organization_id, actor=actor)
    transaction.on_commit(lambda: verify_chain.delay(str(organization_id)))
