"""The form of a profile: what it offers, to whom, and how its tools are named."""

from __future__ import annotations

from typing import Any

from django import forms

from connectors.models import Profile
from connectors.pages.fields import ConnectorsField, ManyToolsField
from harriet.pages.picking_form import PickingForm
from harriet.people.actions.change_organization import LONGEST_HOLD
from harriet.people.models import Organization
from harriet.people.names import slug_from
from harriet.people.pages.fields import GroupsField, ManyPeopleField
from harriet.people.trust import Trust


class ProfileForm(PickingForm):
    name = forms.CharField(label="Name", help_text="As people know it, for example: Work")
    slug = forms.CharField(
        label="Short name",
        required=False,
        help_text="The end of its address: clients are set up anew when it changes. Empty: made from the name.",
    )
    description = forms.CharField(label="Description", required=False)

    def __init__(self, organization: Organization, *args: Any, profile: Profile | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"] = GroupsField(
            organization,
            required=False,
            label="Groups",
            help_text="Everyone in them has this profile.",
            kept=profile and profile.groups.all(),
        )
        self.fields["people"] = ManyPeopleField(
            organization,
            required=False,
            label="People",
            help_text="Single people, beside the groups.",
            kept=profile and profile.people.select_related("user"),
        )
        self.fields["connectors"] = ConnectorsField(
            organization,
            required=False,
            label="Whole connectors",
            help_text="All their enabled tools, prompts and resources, also those that are enabled later.",
            kept=profile and profile.connectors.all(),
        )
        self.fields["tools"] = ManyToolsField(
            organization,
            required=False,
            label="Single tools",
            help_text="Also prompts and resources; from connectors that are not in it as a whole.",
            kept=profile and profile.tools.select_related("connector"),
        )
        self.fields["has_prefix"] = forms.BooleanField(
            label="Names begin with the connector's short name",
            required=False,
            help_text="Needed when two connectors offer a tool of the same name. Tools and prompts are then called "
            "crm_send_mail, addresses of resources begin with crm+. Clients see at most 60 characters of a name: a "
            "longer one is cut and ends in a mark of its own.",
        )
        self.fields["trust"] = forms.ChoiceField(
            choices=Trust.choices,
            required=False,
            initial=Trust.SUPERVISED,
            label="Trust level",
            help_text="Manual: every call waits for approval. Supervised: read-only tools run, everything else waits. "
            "Autonomous: moderate tools run, too, as far as a scope says so and until it ends. Dangerous tools, and "
            "those that require confirmation, wait at every level.",
        )
        self.fields["is_progressive"] = forms.BooleanField(
            label="Progressive loading",
            required=False,
            help_text="For large sets of tools. Clients see two tools, search_tools and call_tool, which find and call "
            "the others. All rules hold as before.",
        )

        self.fields["hold_seconds"] = forms.IntegerField(
            label="Hold calls for (seconds)",
            required=False,
            min_value=0,
            max_value=LONGEST_HOLD,
            help_text="How long a call that needs approval is kept open at most. Then, or before its client gives up, "
            f"the client is told to come back. Empty: {organization.hold_seconds} seconds, as for the whole "
            "organization.",
        )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "name" in given and not given.get("slug"):
            given["slug"] = slug_from(given["name"], fallback="profile")
        if not given.get("trust"):
            given.pop("trust", None)
        return given

    @classmethod
    def of(cls, profile: Profile, posted: Any = None) -> ProfileForm:
        initial = {
            "name": profile.name,
            "slug": profile.slug,
            "description": profile.description,
            "has_prefix": profile.has_prefix,
            "is_progressive": profile.is_progressive,
            "trust": profile.trust,
            "hold_seconds": profile.hold_seconds,
        }
        return cls(profile.organization, posted, initial=initial, profile=profile)
