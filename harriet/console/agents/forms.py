"""The forms of agents. They only read input; the rules are in the actions."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from connectors.pages.fields import Profiles
from harriet.pages.picker import OneField
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Agent, Organization, User
from harriet.people.pages.fields import AccountField, ExpiryField, GroupsField
from harriet.signin.models import TrustedIssuer

_GROUPS = "The agent may use what these groups may use, and nothing else."
_OWNER = "One person, who hears when something is wrong with it. They never approve its calls."


class NewAgentForm(PickingForm):
    name = forms.CharField(
        label="Name", max_length=80, help_text="As lists and the log call it, such as Nightly report."
    )
    purpose = forms.CharField(
        label="What it is for", max_length=300, required=False, help_text="Whoever approves its calls reads it."
    )

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"] = AccountField(organization, label="Who answers for it", help_text=_OWNER)
        self.fields["groups"] = GroupsField(organization, label="Groups", help_text=_GROUPS)


class AgentForm(PickingForm):
    name = forms.CharField(label="Name", max_length=80)
    purpose = forms.CharField(label="What it is for", max_length=300, required=False)

    def __init__(self, agent: Agent, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"name": agent.name, "purpose": agent.purpose})
        super().__init__(*args, **kwargs)
        self.fields["groups"] = GroupsField(
            agent.organization, label="Groups", help_text=_GROUPS, kept=agent.groups.all()
        )


class OwnerForm(PickingForm):
    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"] = AccountField(organization, label="Who answers for it from now on")

    def owner(self) -> User | None:
        found: User | None = self.cleaned_data["owner"]
        return found


class AgentCredentialForm(PickingForm):
    name = forms.CharField(label="Name", max_length=80, help_text="Where it is kept, such as the server’s name.")
    expires_in_days = ExpiryField()

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profile"] = OneField(
            Profiles(organization),
            label="Profile",
            required=False,
            nothing="Any that its groups have",
            help_text="The only MCP address that this credential opens.",
        )


class WorkloadForm(PickingForm):
    """Which workload of a trusted issuer the agent is."""

    issuer = forms.ChoiceField(label="Who vouches for it", help_text="A trusted issuer, such as your cluster.")
    subject = forms.CharField(
        label="Name of the workload (sub)",
        max_length=500,
        help_text="Exactly as its tokens have it, for example: system:serviceaccount:reports:nightly",
        widget=forms.TextInput(attrs={"class": "code", "spellcheck": "false"}),
    )

    def __init__(self, organization: Organization, issuers: list[TrustedIssuer], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.issuers = {str(one.pk): one for one in issuers}
        choices = cast(forms.ChoiceField, self.fields["issuer"])
        choices.choices = [(pk, one.name) for pk, one in self.issuers.items()]
        self.fields["profile"] = OneField(
            Profiles(organization), label="Profile", help_text="The only MCP address that it opens."
        )


class PauseForm(forms.Form):
    because = forms.CharField(label="Why", max_length=200, required=False, help_text="Its owner and the log read it.")
