"""The forms of the emergency stop. They only read input; the rules are in the actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms

from connectors.models import Risk
from connectors.pages.fields import Connectors
from harriet.console.stops.named import (
    of_agent,
    of_client,
    of_client_name,
    of_connector,
    of_organization,
    of_person,
    of_risk,
)
from harriet.pages.picker import OneField
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization, Stop
from harriet.people.pages.fields import Agents, GroupField, Subjects
from harriet.people.stop_powers import Subject
from harriet.signin.pages.fields import Clients

Kind = Stop.Kind
_REASON = "For the log, and for the admins who come next."
_TOLD = "One line that everybody reads whose call is refused. Leave it empty to say only that it is stopped."
_CALLED = (
    "Such as Claude Code. This is what a client says of itself, without its version; one that says something else is "
    "not stopped. To be sure, stop the registered client or the person."
)
_PICKED: dict[Kind, tuple[type[Any], Callable[[Any], Subject]]] = {
    Kind.CONNECTOR: (Connectors, of_connector),
    Kind.PERSON: (Subjects, of_person),
    Kind.AGENT: (Agents, of_agent),
    Kind.CLIENT: (Clients, of_client),
}


class StopForm(PickingForm):
    def __init__(self, organization: Organization, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization, self.kind = organization, Kind(kind)
        if self.kind in _PICKED:
            source = _PICKED[self.kind][0](organization)
            self.fields["subject"] = OneField(source, label=f"Which {source.one}")
        elif self.kind == Kind.RISK:
            self.fields["subject"] = forms.ChoiceField(
                choices=Risk.choices, label="Which risk class", initial=Risk.DANGEROUS
            )
        elif self.kind == Kind.CLIENT_NAME:
            self.fields["subject"] = forms.CharField(
                max_length=120, label="What they call themselves", help_text=_CALLED
            )
        self.fields["reason"] = forms.CharField(max_length=500, label="Why", help_text=_REASON)
        self.fields["told"] = forms.CharField(max_length=200, required=False, label="What people read", help_text=_TOLD)

    def subject(self) -> Subject | None:
        """Of a valid form."""
        given = self.cleaned_data.get("subject")
        if self.kind == Kind.ORGANIZATION:
            return of_organization(self.organization)
        if self.kind == Kind.RISK:
            return of_risk(given or "")
        if self.kind == Kind.CLIENT_NAME:
            return of_client_name(given or "")
        return _PICKED[self.kind][1](given) if given is not None else None


class ReleaseForm(PickingForm):
    def __init__(self, stop: Stop, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"stage": stop.stage, "let_through": stop.let_through})
        super().__init__(*args, **kwargs)
        if stop.kind != Kind.RISK:
            self.fields["stage"] = forms.ChoiceField(choices=Stop.Stage.choices, label="For everybody")
        self.fields["let_through"] = GroupField(
            stop.organization,
            label="A group that goes first",
            required=False,
            nothing="Nobody",
            help_text="Everything runs again for the people and agents of this group.",
        )
        self.fields["reason"] = forms.CharField(max_length=500, label="Why", help_text="For the log.")
