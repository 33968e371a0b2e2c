"""The filters of the audit page and of its API: what they read becomes audit.queries.EventFilters."""

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
from harriet.people.models import Device, Organization
from harriet.people.pages.fields import Subjects

Choices = list[tuple[str, str]]

_ANY: Choices = [("", "Any")]
_DAY = "Give a day as 2026-03-31, or choose one."
_NO_CHOICE = {"invalid_choice": "Choose one of the list."}
_LONGEST_TEXT = 200


class _Filters(PickingForm):
    """Every field is optional; one that can't be read filters nothing, and says so."""

    def filters(self) -> EventFilters:
        self.is_valid()
        read = {name: value for name, value in self.cleaned_data.items() if value}
        for name, days in (("since", 0), ("until", 1)):
            if name in read:
                read[name] = _moment(read[name], days)
        return EventFilters(**read)


class ApiFilterForm(_Filters):
    """Ids and times; here, what can't be read is an error."""

    person = forms.UUIDField(required=False)
    device = forms.UUIDField(required=False)
    connector = forms.UUIDField(required=False)
    tool = forms.UUIDField(required=False)
    ticket = forms.IntegerField(required=False, min_value=1)
    client = forms.CharField(required=False, max_length=120)
    text = forms.CharField(required=False, max_length=_LONGEST_TEXT)
    code = forms.CharField(required=False, max_length=60)
    decision = forms.ChoiceField(required=False, choices=_ANY + choices_of(DECISIONS))
    outcome = forms.ChoiceField(required=False, choices=_ANY + choices_of(OUTCOMES))
    since = forms.DateTimeField(required=False)
    until = forms.DateTimeField(required=False)
    request = forms.UUIDField(required=False)


class _DayInput(forms.DateInput):
    """Empty for what is no day: browsers show nothing else in such a field."""

    def format_value(self, value: Any) -> str | None:
        try:
            return date.fromisoformat(str(value or "")).isoformat()
        except ValueError:
            return None


class _Day(forms.DateField):
    default_error_messages = {"invalid": _DAY}
    widget = _DayInput({"type": "date"})


def _typed(label: str, example: str, longest: int, kind: str = "text") -> forms.CharField:
    widget = forms.TextInput({"type": kind, "placeholder": example})
    return forms.CharField(required=False, label=label, max_length=longest, widget=widget)


class LogFilterForm(_Filters):
    """What people choose and type, in one organization."""

    text = _typed("Words", "Any words", _LONGEST_TEXT, "search")
    device = _typed("Device", "Dana's laptop", 80)
    client = _typed("Client, as it calls itself", "Claude", 120)
    ticket = _typed("Ticket", "#12", 12)
    code = forms.CharField(required=False, max_length=60, widget=forms.Select, label="Event")
    decision = forms.ChoiceField(required=False, choices=_ANY + choices_of(DECISIONS), error_messages=_NO_CHOICE)
    outcome = forms.ChoiceField(required=False, choices=_ANY + choices_of(OUTCOMES), error_messages=_NO_CHOICE)
    since = _Day(required=False, label="From")
    until = _Day(required=False, label="To")
    request = forms.UUIDField(required=False, widget=forms.HiddenInput)
    field_order = ("text", "person", "device", "client", "connector", "tool", "ticket")

    def __init__(self, organization: Organization, given: Any) -> None:
        super().__init__(given)
        self._device_id = _id_in(given.get("device", ""))
        mine = Device.objects.select_related("user").filter(organization=organization)
        self._device = mine.filter(pk=self._device_id).first() if self._device_id else None
        if self._device_id is not None:  # shown under its name, though it is meant by its id
            self.fields["device"].widget = forms.HiddenInput()
        self.fields["person"] = LoggedField(LoggedPeople(organization), label="Person")
        self.fields["connector"] = LoggedField(LoggedConnectors(organization), label="Connector")
        self.fields["tool"] = LoggedField(LoggedTools(organization), label="Tool")
        self.order_fields(self.field_order)
        code: Any = self.fields["code"].widget
        code.choices = [*_ANY, *_kinds()]

    @property
    def first_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in _FIRST]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in _FIRST]

    @property
    def has_more(self) -> bool:
        """Whether one of those filters, or is to be mended."""
        names = {field.name for field in self.more_fields} | {"device"}
        return self.is_searching or bool(names & (self.errors.keys() | {name for name in names if self._said(name)}))

    @property
    def device_named(self) -> str:
        """What a device that was chosen by its id is called; empty when none was."""
        if self._device is not None:
            return f"{self._device.name} of {self._device.user}"
        return "One that is gone" if self._device_id else ""

    def clean_ticket(self) -> int | None:
        said = str(self.cleaned_data["ticket"]).strip().removeprefix("#")
        if said and not (said.isascii() and said.isdigit() and int(said)):
            raise forms.ValidationError("Give the number of a ticket, as 12 or #12.")
        return int(said) if said else None

    def clean(self) -> dict[str, Any]:
        cleaned = dict(self.cleaned_data)
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "This day lies before the first. Give a later one, or swap the two.")
            cleaned.pop("until", None)
        said = str(cleaned.pop("device", "") or "").strip()
        if self._device_id is not None:
            cleaned["device"] = self._device_id
            if self._device is not None:  # the log finds a person by an index
                cleaned["person"] = cleaned.get("person") or self._device.user_id
        elif said:
            cleaned["device_name"] = said  # several people may have one of this name
        return cleaned

    def in_words(self) -> str:
        """The filters as a person would say them, for the log."""
        said = [(name, self._said(name)) for name in self.fields]
        return ", ".join(f"{_WORDS.get(name, name)} {value}" for name, value in said if value)

    def _said(self, name: str) -> str:
        if name == "device" and self._device_id is not None:
            return self.device_named
        field, value = self.fields[name], self.cleaned_data.get(name)
        if isinstance(field, LoggedField):
            return field.label_of(value) if value else ""
        return str(self.data.get(name, "")).strip()


FILTERS = frozenset({*LogFilterForm.base_fields, "person", "connector", "tool"})
"""Names in the address that filter; others search in a picker, or are places."""
_FIRST = ("text", "decision", "outcome", "since", "until")
"""What stands open; the rest is one click away."""
_WORDS = {"since": "from", "until": "to", "code": "event", "text": "words"}


def _id_in(said: object) -> UUID | None:
    """Of a device, as pages link to it."""
    try:
        return UUID(str(said))
    except ValueError:
        return None


def _moment(value: date | datetime, days: int) -> datetime:
    """A day ends where the next begins; a time is what it says."""
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), UTC) + timedelta(days=days)


def _kinds() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every event by its name, beneath what it is about. There are hundreds, on the page with each search: what each
    means is told in docs/audit-events.md, and by its sentence in the log."""
    by_subject: dict[str, list[tuple[str, str]]] = {}
    for kind in known_kinds():
        subject, _, rest = kind.code.partition(".")
        by_subject.setdefault(subject, []).append((kind.code, rest.replace("_", " ")))
    return list(by_subject.items())


class LoggedField(OneField[Any]):
    """The id of what is chosen, also when nothing but the log knows it any more."""

    def __init__(self, source: Source[Any], **options: Any) -> None:
        super().__init__(source, required=False, nothing="Any", **options)

    def clean(self, value: Sent) -> UUID | None:
        self.refuse_left(value)
        wrong = {"invalid": f"Search for the {self.source.one} by its name, and choose it."}
        return forms.UUIDField(required=False, error_messages=wrong).clean(value.values[0]) if value.values else None

    def label_of(self, id: UUID) -> str:
        rows = self.source.chosen([str(id)])
        choices = [self.source.choice(row) for row in rows.values()] or self.source.gone([str(id)])
        return choices[0].label if choices else ""


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
