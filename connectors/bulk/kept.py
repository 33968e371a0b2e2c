"""A bulk change as it is kept in the database, read back as values."""

from __future__ import annotations

from uuid import UUID

from connectors.bulk.lots import Lots, Seen
from connectors.bulk.standing import Standing
from connectors.bulk.wish import Wish
from connectors.models import BulkChange


def lots_of(bulk: BulkChange) -> Lots:
    """As they were sorted at the preview."""
    return Lots(Wish.from_json(bulk.wish), {UUID(key): Seen.from_json(row) for key, row in bulk.seen.items()})


def done_by(bulk: BulkChange) -> dict[UUID, Standing]:
    """The tools that it changed, as it left them."""
    return {UUID(key): Standing.from_json(row) for key, row in bulk.done.items()}
