"""The place in a table at which a page begins, as it stands in the address: signed, and read only in its own order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from harriet.pages.tables.declared import Table
from harriet.pages.tables.order import BY, Order


@dataclass(frozen=True, slots=True)
class Place:
    """The row after which, or before which, the page begins. The row itself may be gone."""

    value: object
    pk: object
    is_backwards: bool


def cursor_at(table: Table, order: Order, row: Any, *, is_backwards: bool) -> str:
    place = [order.name, _plain(getattr(row, BY)), str(row.pk), is_backwards]
    return _signer(table).sign_object(place)


def place_of(table: Table, order: Order, cursor: str, placed: QuerySet[Any]) -> Place | None:
    """None for a cursor of another order, of another table, or that nobody was given: the first page."""
    try:
        name, value, pk, is_backwards = _signer(table).unsign_object(cursor)
        if name != order.name:
            return None
        field = placed.query.annotations[BY].output_field
        return Place(field.to_python(value), placed.model._meta.pk.to_python(pk), is_backwards)
    except (signing.BadSignature, ValidationError, ValueError, TypeError):
        return None


def _signer(table: Table) -> signing.Signer:
    return signing.Signer(salt=f"harriet.tables.{table.key}")


def _plain(value: object) -> object:
    """As JSON holds it; the column's field reads it again."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
