"""What forms pick from: rows of one noun, found by what somebody types. Each floor has the sources of its nouns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Lower

from harriet.pages.by_name import ByIndex, first_by_name
from harriet.pages.counts import AtMost, CountAtMost, as_at_most

FEW = 7
"""So many are offered without a search."""
AT_ONCE = 20
"""Found ones that are shown at a time."""
MOST_FOUND = 1_000
"""Beyond them one types another letter."""

_OFFERED = -1
"""In the place of a count: the row is not there because it is kept."""
Row = TypeVar("Row", bound=Model)


class Choice(NamedTuple):
    value: str
    label: str
    note: str = ""
    """What tells it from others of its name: a person's address, a tool's connector."""


class Found(NamedTuple):
    choices: list[Choice]
    seen: int
    """With those before them."""
    total: int
    has_more: bool
    """There are more than the total, uncounted."""

    @property
    def words(self) -> str:
        """ "20 of 307"; beyond the bound "20 of 1,000+"."""
        return f"{self.seen:,} of {self.counted}"

    @property
    def counted(self) -> AtMost:
        return AtMost(self.total, self.has_more)

    @property
    def rest(self) -> AtMost:
        """How many more there are than were seen."""
        return AtMost(self.total - self.seen, self.has_more)

    @property
    def is_all(self) -> bool:
        return self.seen >= self.total


class FewOrKept(NamedTuple):
    few: list[Any] | None
    kept: list[Any]
    all_kept: int
    """Of those that are kept, up to one more than are counted."""


class Source(ABC, Generic[Row]):
    """Of one organization, or of one person there."""

    key: ClassVar[str]
    """In the address of its search; the names are in harriet/console/picking.py."""
    one: ClassVar[str]
    many: ClassVar[str]
    searched: ClassVar[str] = "any word of the name"
    text: ClassVar[str] = "name"
    """By what they stand in order: with an index of how it begins in small letters."""
    value: ClassVar[str] = "pk"

    @abstractmethod
    def rows(self) -> QuerySet[Row]:
        """All that may be chosen, also what stays so but isn't offered any more."""

    @abstractmethod
    def choice(self, row: Row) -> Choice: ...

    @abstractmethod
    def found_by(self, text: str) -> Q:
        """Of a row: what somebody types finds it, by an index."""

    def offered(self) -> QuerySet[Row]:
        return self.rows()

    def value_of(self, row: Any) -> str:
        return str(getattr(row, self.value))

    def chosen(self, values: Iterable[Any]) -> dict[str, Row]:
        """By value; what is no value, or none of these rows', is left out."""
        ids = [id for value in values if (id := _uuid(value)) is not None]
        found = self.rows().filter(**{f"{self.value}__in": ids}) if ids else ()
        rows = {self.value_of(row): row for row in found}
        return {str(id): rows[str(id)] for id in ids if str(id) in rows}

    def gone(self, values: Sequence[str]) -> list[Choice]:
        """What chosen ones of which no row is left were called, where that is known."""
        return []

    def few(self) -> list[Any] | None:
        """All, when they are few."""
        return self._if_few(self.offered().order_by()[: FEW + 1])

    def few_or_kept(self, kept: QuerySet[Row], most: int) -> FewOrKept:
        """All, when they are few, with `.is_kept`; else the first of those that are kept, and how many there are. In
        one query: a form has several such fields."""
        kept = kept.order_by()
        mine = self.rows().filter(pk__in=kept.values("pk")).order_by(self.text)
        first = mine.annotate(is_kept=Value(True), all_of_them=CountAtMost(kept, MOST_FOUND))[:most]
        is_kept = Exists(kept.filter(pk=OuterRef("pk")))
        offered = self.offered().order_by().annotate(is_kept=is_kept, all_of_them=Value(_OFFERED))[: FEW + 1]
        rows: list[Any] = list(offered.union(first, all=True))
        few = self._if_few([row for row in rows if row.all_of_them == _OFFERED])
        chosen = [row for row in rows if row.all_of_them != _OFFERED]
        return FewOrKept(few, chosen, chosen[0].all_of_them if chosen else 0)

    def _if_few(self, rows: Iterable[Any]) -> list[Any] | None:
        found = list(rows)
        return sorted(found, key=lambda row: self.choice(row).label.casefold()) if len(found) <= FEW else None

    def find(self, text: str, seen: int = 0, size: int = AT_ONCE) -> Found:
        """The next of those that are found, by name."""
        ids = self._ids(text.strip())
        shown = ids[:MOST_FOUND][seen : seen + size]
        rows = {row.pk: row for row in self.offered().filter(pk__in=shown)} if shown else {}
        choices = [self.choice(rows[pk]) for pk in shown if pk in rows]
        return Found(choices, seen + len(shown), min(len(ids), MOST_FOUND), len(ids) > MOST_FOUND)

    def first(self, size: int) -> Found:
        """The first of all, by name, with how many there are: in one query."""
        everything = self.offered()
        rows = everything.annotate(beginning=Lower(self.text), all_of_them=CountAtMost(everything, MOST_FOUND))
        shown: list[Any] = list(rows.order_by(ByIndex(F("beginning")), "pk")[:size])
        count = as_at_most(shown[0].all_of_them if shown else 0, MOST_FOUND)
        return Found([self.choice(row) for row in shown], len(shown), count.number, count.is_more)

    def _ids(self, text: str) -> list[Any]:
        rows = self.offered().alias(beginning=Lower(self.text))
        return [pk for pk, _ in first_by_name(rows.filter(self.found_by(text)) if text else rows, MOST_FOUND + 1)]


def _uuid(value: Any) -> UUID | None:
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        return None


def values_of(source: Source[Any], given: Any) -> list[str]:
    """Of what a form is filled in with: rows or values, one or several, or nothing."""
    if given is None or given == "":
        return []
    several = given if isinstance(given, Collection) and not isinstance(given, str) else [given]
    return [source.value_of(one) if isinstance(one, Model) else str(one) for one in several]
