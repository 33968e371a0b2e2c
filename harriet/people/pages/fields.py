"""Form fields for groups, people, roles and expiry, for the forms of this floor and of the floors above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from harriet.pages.forms import ReadOnce
from harriet.people.models import Group, Membership, Organization
from harriet.people.queries import groups_of
from harriet.people.roles import ROLE_CHOICES, ROLE_HELP, Role

if TYPE_CHECKING:
    GroupsChoice = forms.ModelMultipleChoiceField[Group]
    MembersChoice = forms.ModelMultipleChoiceField[Membership]
else:  # Django's fields can't be subscripted at run time
    GroupsChoice = MembersChoice = forms.ModelMultipleChoiceField


class GroupsField(GroupsChoice):
    iterator = ReadOnce

    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(groups_of(organization), widget=forms.CheckboxSelectMultiple, **options)


class MembersField(MembersChoice):
    iterator = ReadOnce

    def label_from_instance(self, obj: Membership) -> str:
        return f"{obj.user.name} ({obj.user.email})" if obj.user.name else obj.user.email


class RoleField(forms.ChoiceField):
    def __init__(self) -> None:
        super().__init__(choices=ROLE_CHOICES, label="Role", help_text=ROLE_HELP, initial=Role.MEMBER)


EXPIRY = [(30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "One year")]


class ExpiryField(forms.TypedChoiceField):
    def __init__(self) -> None:
        super().__init__(choices=EXPIRY, coerce=int, initial=90, label="Expires after")
