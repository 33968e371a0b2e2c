"""The forms of connectors and tools. They only read input; the rules are in the actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from connectors.actions.save_connection import as_meant
from connectors.bulk.wish import Wish
from connectors.errors import ConnectorError
from connectors.models import EVERYONE, Connector, ConnectorPermission, Risk, Tool
from connectors.passed_identity import Attribute, How
from connectors.transports.base import NATIVE
from connectors.transports.kinds import KINDS, kind_choices
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Group, Organization
from harriet.people.names import slug_from
from harriet.people.pages.fields import GroupsField
from harriet.people.roles import Role


class BasicsForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As people know it, for example: CRM")
    slug = forms.CharField(
        label="Short name",
        required=False,
        help_text="Small letters, digits and hyphens; begins the tools' names when a profile shows a prefix. "
        "Left empty, it is made from the name.",
    )
    description = forms.CharField(
        label="Description", required=False, help_text="One sentence for the people who will use it."
    )
    icon = forms.CharField(label="Icon", required=False, help_text="One emoji or letter.")

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "name" in given and not given.get("slug"):
            given["slug"] = slug_from(given["name"], fallback="connector", longest=40)
        return given


class NewConnectorForm(BasicsForm):
    """With the kind, which stays for good. Not asked where there is one alone. `form` tells one form from another: it
    becomes the id of the draft, so that a form that is sent twice makes one."""

    form = forms.UUIDField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label="Kind", choices=kind_choices, initial=NATIVE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(KINDS) == 1:
            del self.fields["kind"]


class SnippetForm(forms.Form):
    snippet = forms.CharField(
        label="Configuration",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "class": "code", "spellcheck": "false"}),
        help_text="A client's mcpServers, VS Code's servers, or a registry's server.json. Name and address are taken "
        "from it; secrets are not.",
    )


class ConnectionForm(forms.Form):
    url = forms.CharField(
        label="Address of the MCP server",
        widget=forms.TextInput(
            attrs={"placeholder": "https://mcp.example.com/mcp", "spellcheck": "false", "inputmode": "url"}
        ),
        help_text="As its documentation names it; many servers answer at /mcp.",
    )
    allow_internal = forms.BooleanField(
        label="This server is inside our network",
        required=False,
        help_text="Adds its host to the organization's internal hosts. Plain http and private addresses are then "
        "allowed for it, and for it alone. A server on the machine that runs Harriet needs the consent of whoever "
        "operates it as well.",
    )

    def clean_url(self) -> str:
        return as_meant(self.cleaned_data["url"])


class ChecksForm(forms.Form):
    checks_arguments = forms.BooleanField(
        label="Check arguments before a call leaves",
        required=False,
        help_text="Arguments that don't fit a tool's schema are then refused here. Many servers take more than their "
        "schemas say: they fill in defaults and read numbers from text.",
    )


class IdentityForm(forms.Form):
    """What the server is told of who calls."""

    identity_kind = forms.ChoiceField(
        label="What the server is told",
        choices=How.choices,
        help_text="Always as your identity provider says it (Settings → Sign-in), never as a client or model does.",
    )
    identity_header = forms.CharField(
        label="Header",
        required=False,
        max_length=63,
        help_text="Such as X-User-Email. Left empty, a signed token goes into X-Harriet-Identity.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    identity_attribute = forms.ChoiceField(
        label="Attribute",
        choices=[("", "None (for a signed token, which has them all)"), *Attribute.choices],
        required=False,
        help_text="Of one attribute in a header. Groups are separated by commas; what is no plain ASCII is encoded "
        "(RFC 8187).",
    )
    identity_refuses_local = forms.BooleanField(
        label="Refuse calls by whoever the provider has not asserted",
        required=False,
        help_text="Local accounts, shared keys, and people of whom it does not say this. Off: their calls go without.",
    )


class WhoFields(PickingForm):
    """Everyone, or some groups and roles."""

    everyone = forms.BooleanField(label="Everyone in the organization", required=False)

    def __init__(
        self, organization: Organization, *args: Any, groups: QuerySet[Group] | None = None, **kwargs: Any
    ) -> None:
        """With the groups that are chosen now, where it changes them."""
        super().__init__(*args, **kwargs)
        self.fields["groups"] = GroupsField(organization, required=False, label="Groups", kept=groups)
        self.fields["roles"] = forms.MultipleChoiceField(
            choices=Role.choices, widget=forms.CheckboxSelectMultiple, required=False, label="Roles"
        )
        self.order_fields(self.field_order)

    @property
    def chosen_roles(self) -> list[str]:
        everyone = [EVERYONE] if self.cleaned_data["everyone"] else []
        return [*everyone, *self.cleaned_data["roles"]]


class AccessForm(WhoFields):
    requires_confirmation = forms.BooleanField(
        label="New tools require confirmation",
        required=False,
        help_text="Each call then waits until an approver has seen it.",
    )

    field_order: tuple[str, ...] = ("everyone", "groups", "roles", "requires_confirmation")

    @classmethod
    def of(cls, connector: Connector, posted: Any = None) -> AccessForm:
        roles = connector.default_roles
        initial = {
            "everyone": EVERYONE in roles,
            "roles": [role for role in roles if role != EVERYONE],
            "requires_confirmation": connector.default_confirmation,
        }
        return cls(connector.organization, posted, initial=initial, groups=connector.default_groups.all())


class ApproversForm(PickingForm):
    """Who decides on this connector's held calls."""

    deciders = forms.ChoiceField(
        label="A held call runs once it is approved by",
        required=False,
        choices=Connector.Deciders.choices,
        widget=forms.RadioSelect,
        help_text="Nobody who asked decides on a dangerous call or one of unknown risk, whatever is chosen here. Calls "
        "that were approved under another choice and have not run are asked for again.",
    )

    def __init__(self, connector: Connector, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["deciders"] = connector.deciders
        deciding = connector.group_permissions.filter(permission__codename=ConnectorPermission.APPROVE)
        self.fields["approvers"] = GroupsField(
            connector.organization,
            required=False,
            label="Groups that decide",
            kept=Group.objects.filter(pk__in=deciding.values("group")),
            help_text="Owners, IT admins and approvers may always decide.",
        )


class ToolForm(WhoFields):
    is_enabled = forms.BooleanField(label="Enabled", required=False)
    requires_confirmation = forms.BooleanField(
        label="Requires confirmation",
        required=False,
        help_text="Each call waits until an approver has seen it.",
    )
    risk_override = forms.ChoiceField(label="Risk class", required=False)

    field_order = ("is_enabled", "everyone", "groups", "roles", "requires_confirmation", "risk_override")

    @classmethod
    def of(cls, tool: Tool, posted: Any = None) -> ToolForm:
        roles = {row.role for row in tool.permissions.all()} - {""}
        initial = {
            "is_enabled": tool.is_enabled,
            "requires_confirmation": tool.requires_confirmation,
            "risk_override": tool.risk_override,
            "everyone": EVERYONE in roles,
            "roles": sorted(roles - {EVERYONE}),
        }
        groups = Group.objects.filter(tool_permissions__tool=tool)
        form = cls(tool.connector.organization, posted, initial=initial, groups=groups)
        proposed = f"As proposed ({Risk(tool.risk_proposed).label})"
        form.fields["risk_override"].choices = [("", proposed), *Risk.choices]  # type: ignore[attr-defined]
        form.fields["risk_override"].help_text = f"{tool.risk_reason} Your word overrides it."
        if tool.risk in {Risk.DANGEROUS, Risk.UNKNOWN}:
            reason = "An admin said so." if tool.risk_override else tool.risk_reason
            form.fields["is_enabled"].help_text = f"{Risk(tool.risk).label}: {reason}"
        return form


HOW = [("add", "Also these"), ("remove", "No longer these"), ("replace", "These alone")]


class BulkForm(WhoFields):
    """What to do with the ticked tools; `set_access` takes the groups and roles, the rest need nothing more."""

    action = forms.CharField()
    how = forms.ChoiceField(choices=HOW, required=False, widget=forms.RadioSelect, initial="add", label="May call them")

    field_order = ("action", "how", "everyone", "groups", "roles")

    @property
    def wish(self) -> Wish:
        """Raises ConnectorError, with what is wrong."""
        if not self.is_valid():
            raise ConnectorError("One of the chosen groups is not there any more. Choose again.", field="groups")
        if self.cleaned_data["action"] != "set_access":
            return Wish(self.cleaned_data["action"])
        how = self.cleaned_data["how"] or "add"
        return Wish.about_access(how, self.cleaned_data["groups"], self.chosen_roles)
