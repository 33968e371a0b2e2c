"""Keeps how a person wants to see one table."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harriet.people.models import Membership, TablePreference

MOST_COLUMNS = 40
_KEY = re.compile(r"[a-z_-]{1,40}")


def keep_table(
    membership: Membership, table: str, *, offered: Iterable[str], shown: Iterable[str], is_dense: bool
) -> None:
    """Of the columns that were offered, those not shown are hidden. No audit event: it changes what one person sees of
    what they may see anyway. A key that no table has does nothing, so none is asked for."""
    if not _KEY.fullmatch(table):
        return
    kept = set(shown)
    columns = [key for key in dict.fromkeys(offered) if _KEY.fullmatch(key)][:MOST_COLUMNS]
    TablePreference.objects.update_or_create(
        membership=membership,
        table=table,
        defaults={
            "shown": [key for key in columns if key in kept],
            "hidden": [key for key in columns if key not in kept],
            "is_dense": is_dense,
        },
    )
