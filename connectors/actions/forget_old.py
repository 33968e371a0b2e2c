"""Forgets what nobody needs any more of connectors: syncs of last month, previews, definitions that were only passed
through, drafts that nobody went on with. A bounded number in one turn; docs/records.md says how long each is kept."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from audit.actor import SYSTEM
from connectors.actions.discard_draft import discard_draft
from connectors.actions.preview_bulk_change import PREVIEW_HOLDS, UNDO_HOLDS
from connectors.errors import ConnectorError
from connectors.models import BulkChange, Connector, SyncRun, ToolVersion
from harriet.lib.batches import delete_some

SYNCS_KEPT = timedelta(days=30)
DEFINITIONS_KEPT = timedelta(days=90)
"""Of those that no admin accepted or refused, and that the server doesn't say any more."""
DRAFTS_KEPT = timedelta(days=180)
"""After they were begun."""
AT_ONCE = 5_000
"""Rows of a kind in one turn."""
DRAFTS_AT_ONCE = 50
"""Each has its event, as if somebody had discarded it."""


def forget_old() -> int:
    """No audit event: the syncs and changes have theirs. Returns how many rows went."""
    return sum(delete_some(over, AT_ONCE) for over in (_syncs(), _definitions(), *_bulk_changes()))


def discard_old_drafts() -> int:
    """Returns how many."""
    old = Connector.objects.filter(state=Connector.State.DRAFT, created_at__lt=Now() - DRAFTS_KEPT)
    drafts = list(old.select_related("organization").order_by("created_at")[:DRAFTS_AT_ONCE])
    for draft in drafts:
        with suppress(ConnectorError):  # somebody finished it at this moment
            discard_draft(draft, actor=SYSTEM)
    return len(drafts)


def _syncs() -> QuerySet[SyncRun]:
    """But for the last of each connector, and the last in which its server told what it offers."""
    later = SyncRun.objects.filter(connector=OuterRef("connector"), started_at__gt=OuterRef("started_at"))
    old = SyncRun.objects.filter(Exists(later), started_at__lt=Now() - SYNCS_KEPT)
    return old.filter(Q(is_success=False) | Exists(later.filter(is_success=True))).order_by("started_at")


def _definitions() -> QuerySet[ToolVersion]:
    passed = ToolVersion.objects.filter(is_pinned=False, is_proposed=False, accepted_at=None, refused_at=None)
    return passed.filter(seen_at__lt=Now() - DEFINITIONS_KEPT).order_by("seen_at")


def _bulk_changes() -> tuple[QuerySet[BulkChange], QuerySet[BulkChange]]:
    """Previews that nobody applied, and what is too old to be undone."""
    rows = BulkChange.objects.order_by("made_at")
    return (
        rows.filter(applied_at=None, made_at__lt=Now() - PREVIEW_HOLDS),
        rows.filter(applied_at__isnull=False, made_at__lt=Now() - UNDO_HOLDS),
    )
