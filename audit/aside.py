"""Rows of the log that Harriet did not write: set aside, so that the chain goes on without them, and told."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from audit.actor import SYSTEM
from audit.events import AuditChainMended, AuditRowsSetAside
from audit.models import INSTALLATION
from audit.record import record

logger = logging.getLogger(__name__)

_NAMED = 10
"""An event names so many of them; the table and `manage.py audit verify` know the others."""


def set_aside(cursor: CursorWrapper, organization_id: UUID, rows: list[tuple[str, str]], *, has_chain: bool) -> None:
    """Event ids with what is wrong with each."""
    cursor.executemany(
        "INSERT INTO audit_setaside (event_id, organization_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [(event_id, organization_id) for event_id, _ in rows],
    )
    first_id, wrong = rows[0]
    logger.error("%d row(s) of organization %s in the audit log are not Harriet's.", len(rows), organization_id)
    record(
        AuditRowsSetAside(
            reason=f"The first, {first_id}, {wrong}.",
            count=len(rows),
            rows=[event_id for event_id, _ in rows[:_NAMED]],
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
    logger.error("The audit chain of organization %s was tampered with: %s", organization_id, " ".join(reasons))
    mended_event = AuditChainMended(reason=" ".join(reasons), seals=forged)
    record(mended_event, organization_id=organization_id, actor=SYSTEM)
