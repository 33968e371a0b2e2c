"""The locks that keep writers and data keys apart.

Who changes an organization's data keys locks the organization's row; who seals with one shares that row until commit,
so that no key is destroyed under an insert. The row locked must be one that rotation doesn't change: a writer that
waits on `WHERE state = 'active' … FOR SHARE` finds no row at all when the rotation it waited for commits.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from harriet.people.models import Organization
from vault.errors import NoDataKey
from vault.models import DataKey


def lock_organization(organization_id: UUID) -> None:
    """For changing its data keys. Rows that only refer to the organization are still inserted meanwhile."""
    Organization.objects.select_for_update(no_key=True).values("pk").get(pk=organization_id)


def share_active_key(organization_id: UUID) -> DataKey:
    """The active data key, which stays until the transaction ends. Raises NoDataKey."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM people_organization WHERE id = %s FOR SHARE", [organization_id])
    key = DataKey.objects.filter(organization_id=organization_id, state=DataKey.State.ACTIVE).first()
    if key is None:
        raise NoDataKey
    return key
