"""Notes on many rows at once that nobody's rights depend on, such as when each was last used.

They are written beside transactions that change the same rows in an order of their own, and two that wait for each
other would be a deadlock: the other's work would be undone for a note. So what is free is written at once, and for the
rest is waited row by row, with nothing in hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet


def note(rows: QuerySet[Any], ids: Iterable[UUID], **values: Any) -> None:
    """`values` are the new ones of these rows; of those that there are."""
    wanted = set(ids)
    with transaction.atomic():
        unlocked = rows.filter(pk__in=wanted).select_for_update(no_key=True, skip_locked=True)
        free = set(unlocked.values_list("pk", flat=True))
        rows.filter(pk__in=free).update(**values)
    for pk in wanted - free:
        rows.filter(pk=pk).update(**values)
