"""Rows of the log that Harriet did not write: set aside, so that the chain goes on without them, and told."""

from __future__ import annotations

import logging
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from audit.actor import SYSTEM
from audit.events import AuditChainMended, AuditRowsSetAside
from audit.models import INSTALLATION
from audit.record import record

log = logging.getLogger(__name__)

_NAMED = 10
"""An event names so many of them; the table and `manage.py audit verify` know the others."""


class ForeignRow(NamedTuple):
    """A row of audit_event that Harriet did not write."""

    event_id: str
    wrong: str
    """Why it isn't, to be read after "the event …"."""


def set_aside(cursor: CursorWrapper, organization_id: UUID, rows: list[ForeignRow], *, has_chain: bool) -> None:
    cursor.executemany(
        "INSERT INTO audit_setaside (event_id, organization_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [(row.event_id, organization_id) for row in rows],
    )
    first = rows[0]
    log.error("%d row(s) of organization %s in the audit log are not Harriet's.", len(rows), organization_id)
    record(
        AuditRowsSetAside(
            reason=f"The first, {first.event_id}, {first.wrong}.",
            count=len(rows),
            rows=[row.event_id for row in rows[:_NAMED]],
            claimed=organization_id,
        ),
        # Whoever makes up an organization gets no chain for it.
        organization_id=organization_id if has_chain else INSTALLATION,
        actor=SYSTEM,
    )


def tell_of_mending(organization_id: UUID, mended: str, forged: int) -> None:
    """Seals that aren't Harriet's, or a mark that was tampered with: passed over, mended, told."""
    reasons = [mended] if mended else []
    if forged:
        reasons.append(f"{forged} seal{' was' if forged == 1 else 's were'} not made by this installation.")
    log.error("The audit chain of organization %s was tampered with: %s", organization_id, " ".join(reasons))
    mended_event = AuditChainMended(reason=" ".join(reasons), seals=forged)
    record(mended_event, organization_id=organization_id, actor=SYSTEM)
