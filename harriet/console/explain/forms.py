"""Who and what is asked about."""

from __future__ import annotations

from typing import Any

from django import forms

from connectors.models import Connector
from connectors.pages.fields import Connectors, ProfileField, ToolField
from harriet.console.explain.replay import Draft
from harriet.pages.picker import OneField
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
    """Each part may be left as it is, but not all of them."""

    trust = forms.ChoiceField(
        label="Trust level to try", choices=[("", "As each profile has it"), *Trust.choices], required=False
    )

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profile"] = ProfileField(
            organization, label="Of the profile", required=False, nothing="All profiles"
        )
        self.fields["effect"] = forms.ChoiceField(
            label="A rule to try", choices=[("", "None"), *_EFFECTS.items()], required=False
        )
        self.fields["tool"] = ToolField(organization, label="For the tool", required=False, help_text=_WHOLE)
        self.fields["deciders"] = forms.ChoiceField(
            label="Who decides on held calls",
            choices=[("", "As each connector has it"), *Connector.Deciders.choices],
            required=False,
        )
        self.fields["connector"] = OneField(
            Connectors(organization),
            label="Of the connector",
            required=False,
            nothing="All connectors",
        )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if bool(given.get("effect")) != bool(given.get("tool")) and not self.errors:
            self.add_error("effect" if given.get("tool") else "tool", "A rule needs both: what it does, and a tool.")
        if not any(given.get(name) for name in ("trust", "effect", "tool", "deciders")) and not self.errors:
            self.add_error(None, "Choose something to try: a trust level, a rule, or who decides.")
        return given

    def draft(self) -> Draft:
        """Of a valid form."""
        given = self.cleaned_data
        profile, tool, connector = (given[name] for name in ("profile", "tool", "connector"))
        return Draft(
            trust=given["trust"],
            profile_id=profile.pk if profile else None,
            effect=given["effect"],
            tool_id=tool.pk if tool else None,
            deciders=given["deciders"],
            connector_id=connector.pk if connector else None,
        )

    def words(self) -> list[str]:
        """The same, for the heading of what came of it: parts of one sentence."""
        given = self.cleaned_data
        said = list[str]()
        if given["trust"]:
            said.append(f"{Trust(given['trust']).label} in {given['profile'] or 'all profiles'}")
        if given["effect"]:
            said.append(f"{_EFFECTS[given['effect']]} of {given['tool']}")
        if given["deciders"]:
            who = str(Connector.Deciders(given["deciders"]).label).lower()
            said.append(f"Held calls of {given['connector'] or 'all connectors'} decided by {who}")
        return [part if number == 0 else f"{part[:1].lower()}{part[1:]}" for number, part in enumerate(said)]


_EFFECTS = {"hold": "Hold each call", "refuse": "Refuse each call"}
_WHOLE = "Tried on each of its calls: with a condition on the arguments a rule stops as many at most."
