"""What the audit log knows about connectors: calls of the last day by the hour, and the latest events."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count
from django.db.models.functions import Now, TruncHour
from django.utils import timezone

from audit.events import CALL_INTENT
from audit.models import Event
from audit.queries import without_set_aside
from audit.vocabulary.sentences import sentence_for

HOURS = 24


class Happened(NamedTuple):
    at: datetime
    sentence: str


def calls_by_hour(organization_id: UUID) -> dict[UUID, list[int]]:
    """For each connector that was called: how often, per hour of the last day, oldest first."""
    rows = (
        without_set_aside(Event.objects.filter(organization_id=organization_id))
        .filter(code=CALL_INTENT, recorded_at__gt=Now() - timedelta(hours=HOURS))
        .exclude(connector_id=None)
        .annotate(hour=TruncHour("recorded_at"))
        .values_list("connector_id", "hour")
        .annotate(calls=Count("pk"))
    )
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    counts: dict[UUID, list[int]] = defaultdict(lambda: [0] * HOURS)
    for connector_id, hour, calls in rows:
        ago = int((this_hour - hour).total_seconds() // 3600)
        if 0 <= ago < HOURS and connector_id is not None:
            counts[connector_id][HOURS - 1 - ago] += calls
    return dict(counts)


def latest_events(organization_id: UUID, connector_id: UUID, most: int = 50) -> list[Happened]:
    rows = Event.objects.filter(organization_id=organization_id, connector_id=connector_id).order_by("-recorded_at")
    return [Happened(row.recorded_at, sentence_for(json.loads(row.body))) for row in rows[:most]]
