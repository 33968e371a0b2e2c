"""The one ModelAdmin of Records: a list and a row's page, both to be read. What may be changed is changed elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import ValidationError
from django.db.models import Model, UUIDField
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from audit.models import Event
from harriet.console.records.cells import LONGEST, Cells, address_of
from harriet.console.records.filters import Filters
from harriet.console.records.history import KnownAs, events_about
from harriet.console.records.paging import Listed, listed
from harriet.console.records.registry import leads_to, model_of, url_name
from harriet.console.records.viewer import Viewer, for_readers
from harriet.lib.records import Record
from harriet.pages.context import PageContext, show
from harriet.people.errors import NotFound
from harriet.people.permissions import has_power
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class Cell:
    label: str
    content: SafeString


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A row of the list: the first cell leads to its page."""

    url: str
    first: Cell
    rest: list[Cell]


@dataclass(frozen=True, slots=True)
class Led:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class ListPage(PageContext):
    template = "records/list.html"
    active = "records"
    record: Record
    labels: list[str]
    lines: list[RecordLine]
    page: Listed
    filters: Filters


@dataclass(frozen=True, slots=True)
class RowPage(PageContext):
    template = "records/row.html"
    active = "records"
    record: Record
    title: str
    id: object
    known: list[Cell]
    leads_to: list[Led]
    list_url: str
    page: Led | None
    """Where it is looked after, when the viewer may open that."""
    events: list[Event]


if TYPE_CHECKING:
    _Base = ModelAdmin[Model]
else:
    _Base = ModelAdmin


class RecordAdmin(_Base):
    """Registered once for each model, with what the model's app says of it in records.py (`admin_of`).

    Django's own list, form, history and deletion are not used: they count every row, offer what other organizations
    have, and change rows without an action. Their attributes are set all the same, so that Django checks the names.
    """

    actions = None
    record: Record

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """A list and a row's page: there is no address to add, change or delete at."""
        key: Any = self.model._meta.pk
        converter = "uuid" if isinstance(getattr(key, "target_field", key), UUIDField) else "str"
        name = f"{self.model._meta.app_label}_{self.model._meta.model_name}"
        return [
            path("", for_readers(self.list_page), name=f"{name}_changelist"),
            path(f"<{converter}:pk>/", for_readers(self.row_page), name=f"{name}_change"),
        ]

    def list_page(self, request: HttpRequest, viewer: Viewer) -> HttpResponse:
        _demand(viewer, self.record)
        filters = Filters(self.record, viewer, request.GET)
        rows = filters.narrow(viewer.list_of(self.record))
        cursor, parents = request.GET.get("cursor", ""), viewer.parents_of(self.record) if filters.is_wide else None
        page = listed(rows, filters.loose, time=self.record.time, cursor=cursor, parents=parents)
        labels = [self.record.fields[name] for name in self.record.columns]
        return show(request, ListPage(self.record, labels, self._lines(viewer, page.rows), page, filters))

    def _lines(self, viewer: Viewer, rows: list[Any]) -> list[RecordLine]:
        first, *rest = self.record.columns
        labels, cells = self.record.fields, Cells(viewer, self.record, rows, self.record.columns)
        return [
            RecordLine(
                address_of(self.record, row),
                Cell(labels[first], cells.text(row, first)),
                [Cell(labels[name], cells.cell(row, name)) for name in rest],
            )
            for row in rows
        ]

    def row_page(self, request: HttpRequest, viewer: Viewer, pk: Any) -> HttpResponse:
        _demand(viewer, self.record)
        row = self._row(viewer, pk)
        cells = Cells(viewer, self.record, [row], self.record.fields)
        known = [Cell(label, cells.cell(row, name, LONGEST)) for name, label in self.record.fields.items()]
        leads, listed_at = _leads_to(viewer, self.record, row), reverse(url_name(self.record, "changelist"))
        page, events = self._elsewhere(viewer, row)
        title = self.record.title(row)
        return show(request, RowPage(self.record, title, row.pk, known, leads, listed_at, page, events))

    def _row(self, viewer: Viewer, pk: Any) -> Any:
        try:
            row = viewer.rows_of(self.record).filter(pk=pk).first()
        except (ValidationError, ValueError):
            row = None
        if row is None:
            raise NotFound(f"There is no such {self.record.one} in your organization.")
        return row

    def _elsewhere(self, viewer: Viewer, row: Any) -> tuple[Led | None, list[Event]]:
        """The page where it is looked after, and what the audit log says of it."""
        page, history = self.record.page, self.record.history
        asked = (page.argument if page else "", *((history.of, history.named) if history else ()))
        wanted = {name for name in asked if name}
        rows = viewer.rows_of(self.record).filter(pk=row.pk)
        found = (rows.values(*wanted).first() if wanted else None) or {}
        if history is None:
            return self._page(viewer, found), []
        subject = KnownAs(found.get(history.of), found.get(history.named))
        return self._page(viewer, found), events_about(viewer, history, subject)

    def _page(self, viewer: Viewer, found: dict[str, Any]) -> Led | None:
        page = self.record.page
        if page is None or not has_power(viewer.membership, Power(page.power)):
            return None
        arguments = [found.get(page.argument)] if page.argument else []
        if arguments == [None]:
            return None  # the row leads nowhere
        return Led(page.label, reverse(page.view, args=arguments))


def admin_of(record: Record) -> type[RecordAdmin]:
    """The ModelAdmin of one entry."""
    names = {
        "record": record,
        "list_display": record.columns,
        "list_filter": record.filters,
        "list_select_related": record.select,
        "readonly_fields": tuple(record.fields),
        "search_fields": (record.search,) if record.search else (),
        "date_hierarchy": record.time or None,
        "ordering": (f"-{record.time}", "-pk") if record.time else ("-pk",),
    }
    return type(f"{model_of(record).__name__}Record", (RecordAdmin,), names)


def _demand(viewer: Viewer, record: Record) -> None:
    if not viewer.may_read(record):
        raise NotFound(f"There are no {record.many.lower()} for you here.")


def _leads_to(viewer: Viewer, record: Record, row: Any) -> list[Led]:
    """Lists of what belongs to the row, such as a connector's tools."""
    led = [(other, name) for other, name in leads_to(record) if viewer.may_read(other)]
    ways = Counter(other.model for other, _ in led)
    return [
        Led(
            other.many if ways[other.model] == 1 else f"{other.many} ({other.fields[name].lower()})",
            f"{reverse(url_name(other, 'changelist'))}?{name}={row.pk}",
        )
        for other, name in led
    ]
