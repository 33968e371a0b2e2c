"""Who and what is asked about."""

from __future__ import annotations

from typing import Any

from django import forms

from connectors.pages.fields import ProfileField, ToolField
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization
from harriet.people.pages.fields import PersonField
from harriet.people.trust import Trust


class WhyForm(PickingForm):
    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = PersonField(organization, label="Person")
        self.fields["tool"] = ToolField(organization, label="Tool")


class ViewAsForm(PickingForm):
    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = PersonField(organization, label="Person")
        self.fields["profile"] = ProfileField(organization, label="Profile")


class DraftForm(PickingForm):
    trust = forms.ChoiceField(label="Trust level to try", choices=Trust.choices, initial=Trust.SUPERVISED)

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profile"] = ProfileField(
            organization, label="Of the profile", required=False, help_text="Leave it empty for all profiles."
        )
