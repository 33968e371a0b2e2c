"""The form of a profile: what it offers, to whom, and how its tools are named."""

from __future__ import annotations

from typing import Any

from django import forms

from harriet.people.forms import GroupsField, MembersField
from harriet.people.models import Organization
from harriet.people.queries import people_of

from .models import Connector, Profile, Tool
from .queries import connectors_of


class ConnectorsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Connector) -> str:
        return f"{obj.name} ({getattr(obj, 'enabled_count', 0)} tools enabled)"


class ToolsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Tool) -> str:
        return f"{obj.connector.name} · {obj.name}"


class ProfileForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As people know it, for example: Work")
    slug = forms.CharField(
        label="Short name",
        required=False,
        help_text="The end of its address: clients are set up anew when it changes. Empty: made from the name.",
    )
    description = forms.CharField(label="Description", required=False)

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"] = GroupsField(
            organization, required=False, label="Groups", help_text="Everyone in them has this profile."
        )
        self.fields["people"] = MembersField(
            people_of(organization).filter(is_active=True),
            widget=forms.CheckboxSelectMultiple,
            required=False,
            label="People",
            help_text="Single people, beside the groups.",
        )
        self.fields["connectors"] = ConnectorsField(
            connectors_of(organization).exclude(state=Connector.State.DRAFT),
            widget=forms.CheckboxSelectMultiple,
            required=False,
            label="Whole connectors",
            help_text="All their enabled tools, also those that are enabled later.",
        )
        self.fields["tools"] = ToolsField(
            _enabled_tools(organization),
            widget=forms.SelectMultiple(attrs={"size": 8}),
            required=False,
            label="Single tools",
            help_text="From connectors that are not in the profile as a whole.",
        )
        self.fields["has_prefix"] = forms.BooleanField(
            label="Tool names begin with the connector's short name",
            required=False,
            help_text="Needed when two connectors offer a tool of the same name.",
        )

    @classmethod
    def of(cls, profile: Profile, posted: Any = None) -> ProfileForm:
        initial = {
            "name": profile.name,
            "slug": profile.slug,
            "description": profile.description,
            "has_prefix": profile.has_prefix,
            "groups": list(profile.groups.all()),
            "people": list(profile.people.all()),
            "connectors": list(profile.connectors.all()),
            "tools": list(profile.tools.all()),
        }
        return cls(profile.organization, posted, initial=initial)


def _enabled_tools(organization: Organization) -> Any:
    chosen = Tool.objects.filter(organization=organization).exclude(state=Tool.State.REMOVED)
    return chosen.filter(is_enabled=True).select_related("connector").order_by("connector__name", "name")
