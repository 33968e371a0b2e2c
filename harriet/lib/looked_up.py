"""Asking of each row that is met whether there are others for it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, Subquery
from django.db.models.lookups import IsNull


def is_there(rows: QuerySet[Any]) -> Q:
    """Whether there is one of these, which an `OuterRef` ties to the row that is met. Of an `Exists` among alternatives
    the database reads all rows first, to compare with them: everybody in a group, for a page of fifty people."""
    return Q(IsNull(Subquery(rows.order_by().values("pk")[:1]), False))
