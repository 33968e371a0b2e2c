"""What a person chose for a table: which columns they don't see, and whether rows stand close together."""

from __future__ import annotations

from dataclasses import dataclass

from harriet.pages.tables.declared import Column, Table


@dataclass(frozen=True, slots=True)
class Choice:
    shown: frozenset[str] = frozenset()
    """Keys of columns that were asked for; of those that aren't optional, nothing has to be said."""
    hidden: frozenset[str] = frozenset()
    is_dense: bool = False

    def shows(self, column: Column) -> bool:
        """A column that is newer than the choice is shown as to somebody who hasn't chosen."""
        if not column.is_optional or column.key in self.shown:
            return True
        return column.is_shown_at_first and column.key not in self.hidden

    def columns(self, table: Table) -> tuple[Column, ...]:
        return tuple(column for column in table.columns if self.shows(column))
