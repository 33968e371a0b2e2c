"""The forms of people, groups, devices and tokens. They only read input; the rules are in the actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.conf import settings
from django.forms.models import ModelChoiceIterator

from harriet.lib.errors import Problem
from harriet.people.models import Group, Membership, Organization, Role
from harriet.people.queries import groups_of, people_of

T = TypeVar("T")
if TYPE_CHECKING:
    GroupsChoice = forms.ModelMultipleChoiceField[Group]
    MembersChoice = forms.ModelMultipleChoiceField[Membership]
else:  # Django's fields can't be subscripted at run time
    GroupsChoice = MembersChoice = forms.ModelMultipleChoiceField


def attempt(form: forms.Form, action: Callable[[dict[str, Any]], T]) -> T | None:
    """What the action returns for a valid form. A Problem is put beside its field, and the answer is None."""
    if not form.is_bound or not form.is_valid():
        return None
    try:
        return action(form.cleaned_data)
    except Problem as problem:
        form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        return None


class ReadOnce(ModelChoiceIterator):  # type: ignore[type-arg]
    """Asks the database once for the choices, not again for whether there are any."""

    def __bool__(self) -> bool:
        return bool(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return (self.choice(row) for row in self.rows)

    @property
    def rows(self) -> list[Any]:
        field: Any = self.field
        if getattr(field, "read_once", None) is None:
            field.read_once = list(self.queryset)
        return list(field.read_once)


class GroupsField(GroupsChoice):
    iterator = ReadOnce

    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(groups_of(organization), widget=forms.CheckboxSelectMultiple, **options)


class RoleField(forms.ChoiceField):
    def __init__(self) -> None:
        super().__init__(choices=ROLES, label="Role", help_text=ROLE_HELP, initial=Role.MEMBER)


ROLES = [(role.value, role.label) for role in reversed(Role)]
ROLE_HELP = (
    "Members use tools. Approvers decide on calls that wait. Auditors read the audit log. "
    "IT admins manage everything but the organization itself. Owners may do everything."
)
EXPIRY = [(30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "One year")]


class ExpiryField(forms.TypedChoiceField):
    def __init__(self) -> None:
        super().__init__(choices=EXPIRY, coerce=int, initial=90, label="Expires after")


BY_MAIL, BY_HAND = "mail", "hand"
WAYS = [(BY_MAIL, "By mail: nobody else sees the link"), (BY_HAND, "Show me the link: I hand it over")]
WAY_HELP = (
    "A link that you hand over could have been opened by you: you decide on none of this person's calls, and they on "
    "none of yours, until they have proved their address by mail."
)


class InviteForm(forms.Form):
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


class PersonGroupsForm(forms.Form):
    def __init__(self, membership: Membership, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"] = GroupsField(
            membership.organization, required=False, label="Groups", initial=list(membership.groups.all())
        )


class GroupForm(forms.Form):
    name = forms.CharField(label="Name", help_text="For example: Sales")
    slug = forms.CharField(
        label="Short name", required=False, help_text="For set-up files. Left empty, it is made from the name."
    )


class RenameForm(forms.Form):
    name = forms.CharField(label="Name")


class MembersField(MembersChoice):
    iterator = ReadOnce

    def label_from_instance(self, obj: Membership) -> str:
        return f"{obj.user.name} ({obj.user.email})" if obj.user.name else obj.user.email


class MembersForm(forms.Form):
    def __init__(self, group: Group, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["members"] = MembersField(
            people_of(group.organization),
            widget=forms.CheckboxSelectMultiple,
            required=False,
            label="People",
            initial=[membership.pk for membership in group.memberships.all()],
        )


class IntegrationKeyForm(forms.Form):
    name = forms.CharField(label="Name", help_text="What uses it, for example: Nightly report")
    expires_in_days = ExpiryField()

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"] = GroupsField(
            organization, label="Groups", help_text="The key reaches what these groups may reach, and nothing else."
        )


class ConfirmForm(forms.Form):
    """Typed confirmation for what can't be undone."""

    confirmation = forms.CharField(label="Type it to confirm", strip=True)

    def __init__(self, expected: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["confirmation"].label = f"Type {expected} to confirm"
        self.fields["confirmation"].widget.attrs |= {"autocomplete": "off", "data-confirm": expected}

    def clean_confirmation(self) -> str:
        typed = str(self.cleaned_data["confirmation"])
        if typed.casefold() != self.expected.casefold():
            raise forms.ValidationError(f"This is not “{self.expected}”. Nothing was changed.")
        return typed
