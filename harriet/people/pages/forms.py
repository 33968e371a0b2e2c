"""The forms of people, groups, devices and tokens. They only read input; the rules are in the actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from harriet.pages.picking_form import PickingForm
from harriet.people.models import Group, Membership, Organization
from harriet.people.pages.fields import ExpiryField, GroupsField, PeopleField, RoleField
from harriet.people.trust import Trust

BY_MAIL, BY_HAND = "mail", "hand"
WAYS = [(BY_MAIL, "By mail: nobody else sees the link"), (BY_HAND, "Show me the link: I hand it over")]
WAY_HELP = (
    "A link that you hand over could have been opened by you: you decide on none of this person's calls, and they on "
    "none of yours, until they have proved their address by mail."
)


class InviteForm(PickingForm):
    email = forms.EmailField(label="E-mail address")
    role = RoleField()
    way = forms.ChoiceField(label="How the link reaches them", choices=WAYS, initial=BY_MAIL, help_text=WAY_HELP)

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"] = GroupsField(
            organization, required=False, label="Groups", help_text="What a person may use comes from their groups."
        )
        if not settings.EMAIL_URL:  # no mail leaves this installation
            del self.fields["way"]


class RoleForm(forms.Form):
    role = RoleField()


class PersonGroupsForm(PickingForm):
    def __init__(self, membership: Membership, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"] = GroupsField(
            membership.organization, required=False, label="Groups", kept=membership.groups.all()
        )


class GroupForm(forms.Form):
    name = forms.CharField(label="Name", help_text="For example: Sales")
    slug = forms.CharField(
        label="Short name", required=False, help_text="For set-up files. Left empty, it is made from the name."
    )


class RenameForm(forms.Form):
    name = forms.CharField(label="Name")


class TrustForm(forms.Form):
    trust = forms.ChoiceField(
        label="What waits for approval",
        required=False,
        choices=[
            ("", "As its profiles say"),
            (Trust.SUPERVISED, "At least everything but read-only tools (Supervised)"),
            (Trust.MANUAL, "Every call (Manual)"),
        ],
        help_text="Of the device and the profile the stricter one holds.",
    )


class InviteDeviceForm(forms.Form):
    device_name = forms.CharField(
        label="Name of the device",
        max_length=80,
        help_text="So that they know which one is meant, such as Work laptop.",
    )


class AddPeopleForm(PickingForm):
    def __init__(self, group: Group, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"] = PeopleField(group.organization, label="Add people")


class IntegrationKeyForm(PickingForm):
    name = forms.CharField(label="Name", help_text="What uses it, for example: Nightly report")
    expires_in_days = ExpiryField()

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"] = GroupsField(
            organization, label="Groups", help_text="The key reaches what these groups may reach, and nothing else."
        )
        self.fields["known_to"] = PeopleField(
            organization,
            label="Who else gets it",
            required=False,
            help_text="You see it on the next page. When you or one of them leaves, the key is due for rotation.",
        )
