"""What the audit log knows about connectors: calls of the last day by the hour, and the latest events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from audit.call_counts import calls_by_hour as counted_by_hour
from audit.models import Event

HOURS = 24


class Happened(NamedTuple):
    at: datetime
    sentence: str


def calls_by_hour(organization_id: UUID, connectors: Iterable[UUID]) -> dict[UUID, list[int]]:
    """For each of these connectors that was called: how often, per hour of the last day, oldest first."""
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    counts: dict[UUID, list[int]] = defaultdict(lambda: [0] * HOURS)
    since = this_hour - timedelta(hours=HOURS - 1)
    for connector_id, hour, calls in counted_by_hour(organization_id, connectors, since=since):
        ago = int((this_hour - hour).total_seconds() // 3600)
        if 0 <= ago < HOURS:
            counts[connector_id][HOURS - 1 - ago] += calls
    return dict(counts)


def latest_events(organization_id: UUID, connector_id: UUID, most: int = 50) -> list[Happened]:
    rows = Event.objects.filter(organization_id=organization_id, connector_id=connector_id).order_by("-recorded_at")
    return [Happened(row.recorded_at, row.sentence) for row in rows[:most]]
