"""The filters of the audit page and of its API: what they read becomes audit.queries.Filters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms

from audit.queries import EventFilters, events_of
from audit.vocabulary.declaration import known_kinds
from audit.vocabulary.words import DECISIONS, OUTCOMES, choices_of
from connectors.pages.fields import EveryConnector, EveryTool
from harriet.pages.picker import OneField, Sent
from harriet.pages.picking import Choice, Source
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization
from harriet.people.pages.fields import Subjects

Choices = list[tuple[str, str]]

_ANY: Choices = [("", "Any")]


class LogFilterForm(PickingForm):
    """Every field is optional; one that can't be read filters nothing."""

    person: forms.Field = forms.UUIDField(required=False)
    connector: forms.Field = forms.UUIDField(required=False)
    tool: forms.Field = forms.UUIDField(required=False)
    code = forms.CharField(required=False, max_length=60, widget=forms.Select, label="Event")
    decision = forms.ChoiceField(required=False, choices=_ANY + choices_of(DECISIONS))
    outcome = forms.ChoiceField(required=False, choices=_ANY + choices_of(OUTCOMES))
    since: forms.Field = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}))
    until: forms.Field = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}))
    request = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def filters(self) -> EventFilters:
        self.is_valid()
        read = {name: value for name, value in self.cleaned_data.items() if value}
        for name, days in (("since", 0), ("until", 1)):
            if name in read:
                read[name] = _moment(read[name], days)
        return EventFilters(**read)


class ApiFilterForm(LogFilterForm):
    """Times instead of days; here, what can't be read is an error."""

    since: forms.Field = forms.DateTimeField(required=False)
    until: forms.Field = forms.DateTimeField(required=False)


def _moment(value: date | datetime, days: int) -> datetime:
    """A day ends where the next begins; a time is what it says."""
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), UTC) + timedelta(days=days)


def page_form(organization: Organization, given: Any) -> LogFilterForm:
    """The form with what can be chosen in this organization."""
    form = LogFilterForm(given)
    form.fields["person"] = LoggedField(LoggedPeople(organization), label="Person")
    form.fields["connector"] = LoggedField(LoggedConnectors(organization), label="Connector")
    form.fields["tool"] = LoggedField(LoggedTools(organization), label="Tool")
    code: Any = form.fields["code"].widget
    code.choices = [("", "Any"), *((known.code, known.code) for known in known_kinds())]
    return form


class LoggedField(OneField[Any]):
    """The id of what is chosen, also when nothing but the log knows it any more."""

    def __init__(self, source: Source[Any], **options: Any) -> None:
        super().__init__(source, required=False, nothing="Any", **options)

    def clean(self, value: Sent) -> UUID | None:
        self.refuse_left(value)
        return forms.UUIDField(required=False).clean(value.values[0]) if value.values else None


class LoggedPeople(Subjects):
    def gone(self, values: Sequence[str]) -> list[Choice]:
        return [_remembered(self.organization, "person", value) for value in values]


class LoggedConnectors(EveryConnector):
    def gone(self, values: Sequence[str]) -> list[Choice]:
        return [_remembered(self.organization, "connector", value) for value in values]


class LoggedTools(EveryTool):
    def gone(self, values: Sequence[str]) -> list[Choice]:
        return [_remembered(self.organization, "tool", value) for value in values]


def _remembered(organization: Organization, name: str, value: str) -> Choice:
    """Who was removed can still be filtered by: under the name that the log remembers."""
    try:
        only: dict[str, Any] = {name: UUID(value)}
    except ValueError:
        return Choice(value, "Not in this log")
    event = events_of(organization.pk, EventFilters(**only)).first()
    fields = event.fields if event else {}
    label = (fields.get(name) or fields.get("actor") or {}).get("label", "")
    return Choice(value, label or "Not in this log")
