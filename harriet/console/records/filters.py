"""What a list is asked for in its address: a search, days, states, and rows that belong to another row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, DateTimeField, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils import timezone

from harriet.console.records.registry import field_of, target_of
from harriet.console.records.viewer import Viewer
from harriet.lib.records import Record
from harriet.pages.by_name import first_by_name

MOST_FOUND = 1_000
"""Rows that a search reads by their names; they may be anywhere in the order of the list."""
_YES_NO = [("", "Any"), ("yes", "Yes"), ("no", "No")]
_HAPPENED = [("", "Any"), ("yes", "Has a date"), ("no", "Has none")]
_DAYS = (("Today", 0), ("Last 7 days", 6), ("Last 30 days", 29))


class RecordFilterForm(forms.Form):
    """Every field is optional; one that can't be read filters nothing."""

    def __init__(self, record: Record, given: QueryDict) -> None:
        super().__init__(given)
        if record.search:
            self.fields["q"] = forms.CharField(
                required=False,
                max_length=100,
                label="Begins with",
                help_text=record.search_help,
                widget=forms.TextInput({"type": "search"}),
            )
        for name in record.filters:
            if choices := _choices(record, name):
                self.fields[name] = forms.ChoiceField(required=False, choices=choices, label=record.fields[name])
        if record.time:
            began = record.fields[record.time].lower()
            self.fields["since"] = _day(f"From ({began})")
            self.fields["until"] = _day(f"To ({began})")
        self.is_valid()


def _day(label: str) -> forms.DateField:
    return forms.DateField(required=False, label=label, widget=forms.DateInput({"type": "date"}))


def _choices(record: Record, name: str) -> list[tuple[str, str]]:
    """Of fields whose values are few; rows of another model are not offered but come from that row's page."""
    field = field_of(record, name)
    if name in record.words:
        return [("", "Any"), *record.words[name]()]
    if isinstance(field, BooleanField):
        return _YES_NO
    if isinstance(field, DateTimeField):
        return _HAPPENED
    words = [(str(value), str(word)) for value, word in getattr(field, "flatchoices", []) if value]
    return [("", "Any"), *words] if words else []


@dataclass(frozen=True, slots=True)
class FixedFilter:
    """A filter that the form has no field for, and the address without it."""

    label: str
    name: str
    id: str
    word: str
    without: str


@dataclass(frozen=True, slots=True)
class Days:
    """A stretch of days to choose with one click."""

    word: str
    url: str
    is_chosen: bool


class Filters:
    """The filters of one request, read once. `narrow` is what indexes find, `loose` what they don't."""

    def __init__(self, record: Record, viewer: Viewer, given: QueryDict) -> None:
        self.record, self.viewer, self.given = record, viewer, given
        self.form = RecordFilterForm(record, given)
        self.asked = {name: value for name, value in self.form.cleaned_data.items() if value}
        self.is_common = False
        """What is searched for begins more rows than one would sort."""
        self.ids = {
            name: str(given[name]) for name in record.filters if name not in self.form.fields and given.get(name)
        }

    def __bool__(self) -> bool:
        return bool(self.asked or self.ids)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        try:
            ids = {name: _read(self.record, name, id) for name, id in self.ids.items()}
        except ValidationError:
            return rows.none()
        exact = {name: value for name, value in self.asked.items() if name in self.record.indexed}
        rows = rows.filter(**ids, **exact) if ids or exact else rows
        rows = rows.filter(**{f"{self.record.time}__{side}": moment for side, moment in self._moments()})
        return self._search(rows) if self.asked.get("q") else rows

    @property
    def is_wide(self) -> bool:
        """After `narrow`: no row and no search says which rows are asked for."""
        return not self.ids and (self.is_common or not self.asked.get("q"))

    def _search(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that begin so when they are few; of many it is looked for among the newest, as for a state."""
        rows = rows.alias(beginning=Lower(self.record.search))
        ids = [pk for pk, _ in first_by_name(rows.filter(self._begins), MOST_FOUND + 1)]
        self.is_common = len(ids) > MOST_FOUND
        return rows if self.is_common else rows.filter(pk__in=ids)

    @property
    def _begins(self) -> Q:
        """As the indexes have it, in small letters; both sides are made so by the database."""
        return Q(beginning__startswith=Lower(Value(self.asked["q"])))

    def _moments(self) -> Iterator[tuple[str, datetime]]:
        """A day ends where the next begins."""
        if since := self.asked.get("since"):
            yield "gte", datetime.combine(since, time(), UTC)
        if (until := self.asked.get("until")) and until.year < 9999:
            yield "lt", datetime.combine(until + timedelta(days=1), time(), UTC)

    @property
    def loose(self) -> Q:
        """After `narrow`, which finds out how common what is searched for is."""
        found = self._begins if self.is_common else Q()
        for name in self.record.filters:
            if name not in self.record.indexed and (value := self.asked.get(name)):
                found &= _loose(self.record, name, value)
        return found

    def chips(self) -> list[FixedFilter]:
        return [
            FixedFilter(self.record.fields[name], name, id, self._word(name, id), self.url(**{name: ""}))
            for name, id in self.ids.items()
        ]

    def _word(self, name: str, id: str) -> str:
        """What the row is called; nothing is said of a row that the viewer may not read."""
        target = target_of(self.record, name)
        if target is None:
            return id[:36]
        try:
            row = self.viewer.list_of(target).filter(pk=_read(self.record, name, id)).first()
        except ValidationError:
            row = None
        return target.title(row) if row is not None else "none that is here"

    def days(self) -> list[Days]:
        """Instead of Django's date hierarchy, which reads every row to know which days there are."""
        if not self.record.time:
            return []
        today = timezone.now().date()
        stretches = [(word, (today - timedelta(days=ago)).isoformat()) for word, ago in _DAYS]
        chosen = "" if self.given.get("until") else self.given.get("since", "")
        return [Days(word, self.url(since=since, until=""), chosen == since) for word, since in stretches]

    @property
    def newest(self) -> str:
        return self.url()

    def url(self, **changes: str) -> str:
        """The list with these filters and other changes; always from its first page."""
        query = self.given.copy()
        query.pop("cursor", None)
        for name, value in changes.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return f"?{query.urlencode()}"


def _read(record: Record, name: str, id: str) -> Any:
    """Raises ValidationError for what is no id."""
    field = field_of(record, name)
    target: Any = getattr(field, "target_field", field)
    return target.to_python(id)


def _loose(record: Record, name: str, value: str) -> Q:
    field = field_of(record, name)
    if isinstance(field, BooleanField):
        return Q(**{name: value == "yes"})
    if isinstance(field, DateTimeField):
        return Q(**{f"{name}__isnull": value == "no"})
    return Q(**{name: value})
