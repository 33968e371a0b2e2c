"""The filters of the audit page and of its API: what they read becomes audit.queries.Filters."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms

from audit.queries import EventFilters, events_of
from audit.vocabulary.declaration import known_kinds
from audit.vocabulary.words import DECISIONS, OUTCOMES, choices_of
from connectors.models import Connector, Tool
from harriet.people.models import Membership, Organization

Choices = list[tuple[str, str]]

_ANY: Choices = [("", "Any")]


class LogFilterForm(forms.Form):
    """Every field is optional; one that can't be read filters nothing."""

    person = forms.UUIDField(required=False, widget=forms.Select)
    connector = forms.UUIDField(required=False, widget=forms.Select)
    tool = forms.UUIDField(required=False, widget=forms.Select)
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


MOST_TOOLS = 200


def _moment(value: date | datetime, days: int) -> datetime:
    """A day ends where the next begins; a time is what it says."""
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), UTC) + timedelta(days=days)


def page_form(organization: Organization, given: Any) -> LogFilterForm:
    """The form with what can be chosen in this organization. Tools are offered once a connector is chosen."""
    form = LogFilterForm(given)
    filters = form.filters()
    people = Membership.objects.filter(organization=organization).select_related("user").order_by("user__email")
    connectors = Connector.objects.filter(organization=organization).order_by("name")
    tools = Tool.objects.filter(organization=organization).order_by("name")
    tools = tools.filter(connector=filters.connector) if filters.connector else tools.none()
    if tools.count() > MOST_TOOLS:  # those that were called, the latest first: a page stays small
        tools = tools.exclude(last_called_at=None).order_by("-last_called_at")[:MOST_TOOLS]
    chosen = {"person": filters.person, "connector": filters.connector, "tool": filters.tool}
    offered: dict[str, Choices] = {
        "person": [(str(one.user_id), str(one.user)) for one in people],
        "connector": [(str(one.pk), one.name) for one in connectors],
        "tool": [(str(one.pk), str(one)) for one in tools],
    }
    for name, choices in offered.items():
        _offer(form, name, choices + _gone(organization, name, chosen[name], choices))
    _offer(form, "code", [(known.code, known.code) for known in known_kinds()])
    return form


def _offer(form: LogFilterForm, name: str, choices: Choices) -> None:
    widget: Any = form.fields[name].widget
    widget.choices = [("", "Any"), *choices]


def _gone(organization: Organization, name: str, chosen: UUID | None, choices: Choices) -> Choices:
    """Who was removed can still be filtered by: under the name that the log remembers."""
    if chosen is None or str(chosen) in dict(choices):
        return []
    only: dict[str, Any] = {name: chosen}
    event = events_of(organization.pk, EventFilters(**only)).first()
    if event is None:
        return [(str(chosen), "Not in this log")]
    fields = event.fields
    label = (fields.get(name) or fields.get("actor") or {}).get("label", "")
    return [(str(chosen), label or "Not in this log")]
