"""The next ticket of an organization: numbers count up without gaps, whatever a ticket is about."""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.db.models import Max

from approvals.models import Ticket


def one_at_a_time(organization_id: UUID) -> None:
    """Until the transaction ends, nobody else opens a ticket in the organization."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"tickets {organization_id}"])


def next_ticket(organization_id: UUID, title: str, requester_id: UUID | None, requester_label: str) -> Ticket:
    """After `one_at_a_time`, in the same transaction."""
    last = Ticket.objects.filter(organization_id=organization_id).aggregate(last=Max("number"))["last"]
    return Ticket.objects.create(
        organization_id=organization_id,
        number=(last or 0) + 1,
        title=title[:200],
        requester_id=requester_id,
        requester_label=requester_label,
    )
