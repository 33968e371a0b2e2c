"""A table as it is declared, once: its columns, which of them it can be sorted by, and how it is sorted at first.

CONNECTORS = Table(
    key="connectors",
    columns=(Column("name", "Name", sort="name"), Column("owner", "Owner", sort="owner__email", is_optional=True)),
    order="name",
)
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F
from django.db.models.expressions import Combinable

PAGE = 25
"""Rows on one page: with what surrounds them within 100 KB."""


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    label: str
    sort: str | Combinable | None = None
    """What its order goes by: a field, also over relations, or an expression. None: it can't be sorted by."""
    is_optional: bool = False
    """A person may hide it."""
    is_shown_at_first: bool = True
    """To a person who hasn't chosen."""
    is_numeric: bool = False
    is_label_read: bool = False
    """The label is for screen readers alone, as above a column of buttons."""

    @property
    def expression(self) -> Combinable | None:
        return F(self.sort) if isinstance(self.sort, str) else self.sort


@dataclass(frozen=True, slots=True)
class Table:
    key: str
    """What a person's choice of columns is kept under; never renamed."""
    columns: tuple[Column, ...]
    order: str
    """The key of a sortable column, with a minus before it for the opposite order."""
    prefix: str = ""
    """Before `sort` and `cursor` in the address, where a page has several tables."""
    size: int = PAGE

    @property
    def optional(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.is_optional)

    @property
    def sort_name(self) -> str:
        return f"{self.prefix}sort"

    @property
    def cursor_name(self) -> str:
        return f"{self.prefix}cursor"
