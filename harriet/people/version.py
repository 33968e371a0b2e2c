"""Tells every gateway process that an organization changed."""

from __future__ import annotations

from uuid import UUID

from django.db import connection, transaction

_MOVE = """
INSERT INTO people_organizationversion (organization_id, number) VALUES (%s, 2)
ON CONFLICT (organization_id) DO UPDATE SET number = people_organizationversion.number + 1
"""


def move_version(organization_id: UUID) -> None:
    """Bumps the version and notifies, both in the current transaction: listeners hear it when it commits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_MOVE, [organization_id])
        cursor.execute("SELECT pg_notify('harriet_version', %s)", [str(organization_id)])
