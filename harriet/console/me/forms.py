"""The forms of My AI: a device, and a client on it."""

from __future__ import annotations

from typing import Any

from django import forms

from connectors.pages.fields import OwnProfiles
from harriet.console.me.clients import CLIENTS
from harriet.pages.picker import OneField
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Device, Membership
from harriet.people.pages.fields import ExpiryField, OwnDevices


class DeviceForm(forms.Form):
    name = forms.CharField(label="Name", help_text="So that you recognise it, for example: Work laptop")


class PersonalTokenForm(forms.Form):
    name = forms.CharField(label="Name", help_text="What uses it, for example: Reporting script")
    expires_in_days = ExpiryField()


class RequestForm(forms.Form):
    need = forms.CharField(
        label="What do you need it for?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A sentence or two. Whoever decides reads it.",
        error_messages={"required": "Say what you need it for: whoever decides can’t guess it."},
    )


class ConnectForm(PickingForm):
    client = forms.ChoiceField(choices=[(client.key, client.name) for client in CLIENTS.values()])

    def __init__(self, membership: Membership, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profile"] = OneField(
            OwnProfiles(membership), label="Profile", help_text="The collection of tools that the client sees."
        )
        self.fields["device"] = OneField(
            OwnDevices(membership),
            label="Device",
            required=False,
            nothing="A new device",
            help_text="Where the client runs.",
        )
        self.fields["device_name"] = forms.CharField(
            label="Name of the new device", required=False, help_text="For example: Work laptop"
        )
        self.fields["expires_in_days"] = ExpiryField()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("device") and not given.get("device_name", "").strip():
            self.add_error("device_name", "Give the new device a name, or choose one that you have.")
        return given

    def device(self) -> Device | None:
        found: Device | None = self.cleaned_data["device"]
        return found
