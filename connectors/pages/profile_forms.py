"""The form of a profile: what it offers, to whom, and how its tools are named."""

from __future__ import annotations

from typing import Any

from django import forms

from connectors.counts import offer_words
from connectors.models import Connector, Profile, Tool
from connectors.queries import connectors_of, counts_of
from harriet.pages.forms import ReadOnce
from harriet.people.models import Organization
from harriet.people.names import slug_from
from harriet.people.pages.fields import GroupsField, MembersField
from harriet.people.queries import people_of

MOST_LISTED = 200
"""A page stays small enough for a phone."""


class ConnectorsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    iterator = ReadOnce

    def label_from_instance(self, obj: Connector) -> str:
        counts = counts_of(obj)
        enabled = offer_words(counts.tools_enabled, counts.prompts_enabled, counts.resources_enabled)
        return f"{obj.name} ({enabled} enabled)"


class ToolsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Tool) -> str:
        return f"{obj.connector.name} · {obj}"


class ToolNamesField(forms.CharField):
    """The same by name, one a line: where there are too many to pick from a list."""

    def __init__(self, organization: Organization, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 8, "class": "code", "spellcheck": "false"})
        super().__init__(widget=widget, required=False, **options)
        self.organization = organization

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else "\n".join(sorted(_path(tool) for tool in value))

    def clean(self, value: Any) -> Any:
        wanted = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        slugs = {path.partition("/")[0] for path in wanted}
        known = {_path(tool): tool for tool in _enabled_tools(self.organization).filter(connector__slug__in=slugs)}
        unknown = [path for path in wanted if path not in known]
        if unknown:
            raise forms.ValidationError(f"There is no enabled {unknown[0]}. Write it as crm/send_mail.")
        return [known[path] for path in wanted]


def _path(tool: Tool) -> str:
    return f"{tool.connector.slug}/{tool}"


def _tools_field(organization: Organization) -> forms.Field:
    enabled = _enabled_tools(organization)
    label, help_text = "Single tools", "Also prompts and resources; from connectors that are not in it as a whole."
    if enabled.count() > MOST_LISTED:
        by_name = f"{help_text} One a line, such as crm/send_mail, crm/greet (prompt) or crm/resources."
        return ToolNamesField(organization, label=label, help_text=by_name)
    widget = forms.SelectMultiple(attrs={"size": 8})
    return ToolsField(enabled, widget=widget, required=False, label=label, help_text=help_text)


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
            help_text="All their enabled tools, prompts and resources, also those that are enabled later.",
        )
        self.fields["tools"] = _tools_field(organization)
        self.fields["has_prefix"] = forms.BooleanField(
            label="Names begin with the connector's short name",
            required=False,
            help_text="Needed when two connectors offer a tool of the same name. Tools and prompts are then called "
            "crm_send_mail, addresses of resources begin with crm+. Clients see at most 60 characters of a name: a "
            "longer one is cut and ends in a mark of its own.",
        )
        self.fields["is_progressive"] = forms.BooleanField(
            label="Progressive loading",
            required=False,
            help_text="For large sets of tools. Clients see two tools, search_tools and call_tool, which find and call "
            "the others. All rules hold as before.",
        )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "name" in given and not given.get("slug"):
            given["slug"] = slug_from(given["name"], fallback="profile")
        return given

    @classmethod
    def of(cls, profile: Profile, posted: Any = None) -> ProfileForm:
        initial = {
            "name": profile.name,
            "slug": profile.slug,
            "description": profile.description,
            "has_prefix": profile.has_prefix,
            "is_progressive": profile.is_progressive,
            "groups": list(profile.groups.all()),
            "people": list(profile.people.all()),
            "connectors": list(profile.connectors.all()),
            "tools": list(profile.tools.all()),
        }
        return cls(profile.organization, posted, initial=initial)


def _enabled_tools(organization: Organization) -> Any:
    chosen = Tool.objects.filter(organization=organization).exclude(state=Tool.State.REMOVED)
    return chosen.filter(is_enabled=True).select_related("connector").order_by("connector__name", "kind", "name")
