"""Pages of the API's lists, from the newest row to the oldest. A cursor is the place of a row: no page skips rows to
get to its own, also where very many came at the same moment."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.utils.urls import replace_query_param


class _Place(NamedTuple):
    """Of the row beside which a page begins, on its older or its newer side."""

    is_newer: bool
    at: datetime
    pk: UUID

    def rows(self, of: QuerySet[Any], name: str) -> QuerySet[Any]:
        side = "gt" if self.is_newer else "lt"
        same = Q(**{name: self.at, f"pk__{side}": self.pk})
        # The first condition lets the index find the place; the second is the exact one.
        return of.filter(**{f"{name}__{side}e": self.at}).filter(Q(**{f"{name}__{side}": self.at}) | same)

    def to_text(self) -> str:
        said = f"{'newer' if self.is_newer else 'older'} {self.at.isoformat()} {self.pk}"
        return urlsafe_b64encode(said.encode()).decode()

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError."""
        side, at, pk = urlsafe_b64decode(text.encode()).decode().split(" ")
        return cls(side == "newer", datetime.fromisoformat(at).astimezone(UTC), UUID(pk))


class Newest(CursorPagination):
    by = "created_at"
    """The time by which a list is ordered."""

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        """Raises NotFound for a cursor that can't be read."""
        self.here, place = request.build_absolute_uri(), self._place(request.query_params.get(self.cursor_query_param))
        is_newer = place is not None and place.is_newer
        order = (self.by, "pk") if is_newer else (f"-{self.by}", "-pk")
        found = list((place.rows(queryset, self.by) if place else queryset).order_by(*order)[: self._size + 1])
        rows, is_more = found[: self._size], len(found) > self._size
        self.rows = rows[::-1] if is_newer else rows
        self.is_older, self.is_newer = is_newer or is_more, is_more if is_newer else place is not None
        return self.rows

    def get_next_link(self) -> str | None:
        return self._link(self.rows[-1:], is_newer=False) if self.is_older else None

    def get_previous_link(self) -> str | None:
        return self._link(self.rows[:1], is_newer=True) if self.is_newer else None

    @property
    def _size(self) -> int:
        return self.page_size or 1

    def _place(self, cursor: str | None) -> _Place | None:
        try:
            return _Place.of(cursor) if cursor else None
        except (ValueError, OverflowError):
            raise NotFound(self.invalid_cursor_message) from None

    def _link(self, beside: Sequence[Any], *, is_newer: bool) -> str | None:
        if not beside:
            return None
        row = beside[0]
        cursor = _Place(is_newer, getattr(row, self.by), row.pk).to_text()
        return replace_query_param(self.here, self.cursor_query_param, cursor)
