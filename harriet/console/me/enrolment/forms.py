"""The forms of setting up a device: what is set up, and the code."""

from __future__ import annotations

from typing import Any

from django import forms

from connectors.pages.fields import OwnProfiles
from harriet.console.me.clients import CLIENTS
from harriet.pages.picker import OneField
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Membership
from harriet.people.pages.fields import ExpiryField


class BeginForm(forms.Form):
    device_name = forms.CharField(
        label="Name of the device", max_length=80, help_text="So that you recognise it, for example: Work laptop"
    )


class SetUpForm(PickingForm):
    device_name = forms.CharField(label="Name of the device", max_length=80)
    client = forms.ChoiceField(
        label="AI client",
        choices=[(client.key, client.name) for client in CLIENTS.values()],
        help_text="That you use on the device.",
    )

    def __init__(self, membership: Membership, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profile"] = OneField(
            OwnProfiles(membership), label="Profile", help_text="The collection of tools that the client sees."
        )
        self.fields["expires_in_days"] = ExpiryField()


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Nine characters, such as HJK-367-XWZ. Capital letters and hyphens make no difference.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
