"""The filters of the usage page and of its API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

from audit.models import CallUsage
from audit.usage import UsageFilters
from harriet.console.audit.forms import LoggedConnectors, LoggedField, LoggedPeople, LoggedTools
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization

BY = {
    CallUsage.Of.PERSON.value: "People",
    CallUsage.Of.TOOL.value: "Tools",
    CallUsage.Of.CONNECTOR.value: "Connectors",
    CallUsage.Of.CLIENT.value: "Clients",
}
"""By what usage is listed."""
DAYS = {"1": "Today", "7": "7 days", "30": "30 days"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which usage."""

    by: str
    days: int
    since: datetime
    filters: UsageFilters

    @property
    def unit(self) -> str:
        """Of the chart: what is filtered is known by the day alone."""
        return "hour" if self.days == 1 and not self.filters.chosen else "day"


class UsageForm(PickingForm):
    """What people choose; what can't be read filters nothing, and says so."""

    by = forms.ChoiceField(choices=list(BY.items()), required=False, widget=forms.HiddenInput)
    days = forms.ChoiceField(choices=list(DAYS.items()), required=False, label="Time")
    client = forms.CharField(
        required=False,
        max_length=120,
        label="Client, as it calls itself",
        widget=forms.TextInput({"placeholder": "Claude Code 2"}),
    )

    def __init__(self, organization: Organization, given: Any) -> None:
        super().__init__(given)
        self.fields["person"] = LoggedField(LoggedPeople(organization), label="Person")
        self.fields["connector"] = LoggedField(LoggedConnectors(organization), label="Connector")
        self.fields["tool"] = LoggedField(LoggedTools(organization), label="Tool")
        self.order_fields(("days", "person", "connector", "tool", "client"))

    def asked(self) -> Asked:
        self.is_valid()
        return asked_for(self.cleaned_data)


class ApiUsageForm(forms.Form):
    """Ids; here, what can't be read is an error."""

    by = forms.ChoiceField(choices=list(BY.items()), required=False)
    days = forms.ChoiceField(choices=list(DAYS.items()), required=False)
    person = forms.UUIDField(required=False)
    connector = forms.UUIDField(required=False)
    tool = forms.UUIDField(required=False)
    client = forms.CharField(required=False, max_length=120)


def asked_for(given: Mapping[str, Any]) -> Asked:
    days = int(given.get("days") or 7)
    names = ("person", "connector", "tool", "client")
    filters = UsageFilters(**{name: given[name] for name in names if given.get(name)})
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Asked(given.get("by") or CallUsage.Of.PERSON.value, days, today - timedelta(days=days - 1), filters)
