"""Which emergency stops stand: for the pages, for whoever decides or runs a step, and told to every gateway process."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from harriet.people.models import Organization, Stop
from harriet.people.stop_rules import StandingStop

NOTIFIED = "harriet_stop"
"""The channel of PostgreSQL's NOTIFY; the payload is the organization's id."""
ROW = ("id", "organization_id", "kind", "subject", "label", "told", "stage", "let_through_id", "began_at")
"""The columns of a `StandingStop`."""


def announce(organization_id: UUID) -> None:
    """In the current transaction: the processes hear it when it commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [NOTIFIED, str(organization_id)])


def standing_in(organization_ids: Iterable[UUID]) -> list[StandingStop]:
    """The oldest first."""
    rows = Stop.objects.filter(organization__in=organization_ids, released_at=None)
    return [StandingStop(*row) for row in rows.order_by("began_at", "pk").values_list(*ROW)]


def stops_of(organization: Organization) -> QuerySet[Stop]:
    """Those that stand, the newest first."""
    standing = Stop.objects.filter(organization=organization, released_at=None)
    return standing.select_related("let_through").order_by("-began_at", "-pk")


def released_stops_of(organization: Organization) -> QuerySet[Stop]:
    """Those that are over, the newest first."""
    return Stop.objects.filter(organization=organization, released_at__isnull=False).order_by("-released_at", "-pk")


def stop_on(organization_id: UUID, kind: str, subject: str) -> Stop | None:
    """The stop of exactly this, for the page of a connector, a person, an agent or a client."""
    return Stop.objects.filter(organization=organization_id, kind=kind, subject=subject, released_at=None).first()
