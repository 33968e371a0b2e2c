"""Who reads Records, and which rows there are for them: their organization's, and nothing outside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.db.models import BinaryField, JSONField, QuerySet, TextField
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from harriet.console.records.parents import Parents, parents_of
from harriet.console.records.registry import model_of
from harriet.lib.records import INSTALLATION, Record
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership
from harriet.people.permissions import has_power, is_operator
from harriet.people.roles import Power

P = ParamSpec("P")
_BULKY = (BinaryField, JSONField, TextField)


@dataclass(frozen=True, slots=True)
class Viewer:
    membership: Membership | None
    """Theirs in the organization that they look at."""
    is_operator: bool
    """Of the installation: reads what belongs to no organization, and no organization's rows."""

    def may_read(self, record: Record) -> bool:
        if record.scope == INSTALLATION:
            return self.is_operator
        return has_power(self.membership, Power.VIEW_RECORDS)

    def rows_of(self, record: Record) -> QuerySet[Any]:
        """Without what is hidden: it does not leave the database, but for what the row's title is made of."""
        rows: QuerySet[Any] = model_of(record)._default_manager.select_related(*record.select)
        if not self.may_read(record):
            return rows.none()
        if record.scope != INSTALLATION and self.membership is not None:
            rows = rows.filter(**{record.scope: self.membership.organization_id})
        return rows.defer(*(name for name in record.hidden if name not in record.needs and _is_column(record, name)))

    def list_of(self, record: Record) -> QuerySet[Any]:
        """The rows with what the list shows: what may be large stays in the database."""
        kept = {*record.columns, *record.needs}
        fields = model_of(record)._meta.fields
        large = (field.name for field in fields if isinstance(field, _BULKY) and field.name not in kept)
        return self.rows_of(record).defer(*large)

    def parents_of(self, record: Record) -> Parents | None:
        """Through which rows of the organization the record's rows are reached, where that finds them sooner."""
        if self.membership is None or record.scope == INSTALLATION:
            return None
        return parents_of(record, self.membership.organization_id)


def _is_column(record: Record, name: str) -> bool:
    return any(field.name == name for field in model_of(record)._meta.fields)


def viewer_of(request: HttpRequest) -> Viewer:
    """Raises NotAllowed for who has nothing to read here."""
    membership: Membership | None = getattr(request, "membership", None)
    viewer = Viewer(membership, is_operator(request.user))
    if not viewer.is_operator and not has_power(membership, Power.VIEW_RECORDS):
        role = membership.get_role_display() if membership else "none"
        raise NotAllowed(f"Your role here, {role}, may not {Power.VIEW_RECORDS}.")
    return viewer


View = Callable[Concatenate[HttpRequest, Viewer, P], HttpResponse]
DjangoView = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_readers(view: View[P]) -> DjangoView[P]:
    """Lets the view run only for readers of Records, and only to read. Who has yet to choose an organization is asked
    to."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if getattr(request, "membership", None) is None and not is_operator(request.user):
            return redirect("people:choose")
        return view(request, viewer_of(request), *args, **kwargs)

    return inner
