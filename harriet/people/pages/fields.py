"""Form fields for groups, people, roles and expiry, for the forms of this floor and of the floors above."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet

from harriet.lib.text import show_hidden
from harriet.pages.picker import ChangedField, OneField, Sent, SeveralField
from harriet.pages.picking import Choice, Source
from harriet.people.models import AccessToken, Agent, Device, Group, Membership, Organization, User
from harriet.people.queries import agents_of, groups_of, machines_of, tokens_of
from harriet.people.roles import ROLE_CHOICES, ROLE_HELP, Role
from harriet.people.search_words import Noun, is_found_by


class OfOrganization:
    """Found by any of its words, as the search of all pages finds it."""

    noun: ClassVar[str]

    def __init__(self, organization: Organization) -> None:
        self.organization = organization

    def found_by(self, text: str) -> Q:
        return is_found_by(self.organization.pk, self.noun, text)


class Groups(OfOrganization, Source[Group]):
    key, one, many = "groups", "group", "groups"
    noun = Noun.GROUP

    def rows(self) -> QuerySet[Group]:
        return groups_of(self.organization)

    def choice(self, row: Group) -> Choice:
        return Choice(str(row.pk), row.name)


class Everybody(OfOrganization, Source[Membership]):
    """Also whose access is switched off."""

    key, one, many = "everybody", "person", "people"
    searched = "any word of the name or the e-mail address"
    text = "user__email"
    noun = Noun.PERSON

    def rows(self) -> QuerySet[Membership]:
        return Membership.objects.filter(organization=self.organization).select_related("user")

    def choice(self, row: Membership) -> Choice:
        name, email = show_hidden(str(row.user)), show_hidden(row.user.email)
        notes = [email if email != name else "", "" if row.is_active else "deactivated"]
        return Choice(self.value_of(row), name, ", ".join(note for note in notes if note))


class People(Everybody):
    """Who is active."""

    key = "people"

    def offered(self) -> QuerySet[Membership]:
        return self.rows().filter(is_active=True, user__is_active=True)


class Accounts(People):
    """The same by their accounts, as things that outlive a membership name them."""

    key, value = "accounts", "user_id"


class Subjects(Everybody):
    """Everybody by their accounts, as the log names them."""

    key, value = "subjects", "user_id"


class Members(Everybody):
    """Of one group."""

    key = "members"

    def __init__(self, group: Group) -> None:
        super().__init__(group.organization)
        self.group = group

    def rows(self) -> QuerySet[Membership]:
        return super().rows().filter(groups=self.group)


class OwnDevices(OfOrganization, Source[Device]):
    """Of one person, in use."""

    key, one, many = "own-devices", "device", "devices"
    noun = Noun.DEVICE

    def __init__(self, membership: Membership) -> None:
        super().__init__(membership.organization)
        self.membership = membership

    def rows(self) -> QuerySet[Device]:
        return machines_of(self.organization, self.membership.user)

    def choice(self, row: Device) -> Choice:
        return Choice(str(row.pk), row.name)


class EveryDevice(OfOrganization, Source[Device]):
    """Machines of everybody, in use."""

    key, one, many = "every-device", "device", "devices"
    noun = Noun.DEVICE

    def rows(self) -> QuerySet[Device]:
        return machines_of(self.organization)

    def choice(self, row: Device) -> Choice:
        return Choice(str(row.pk), row.name, row.user.email)


class Agents(OfOrganization, Source[Agent]):
    """Those that have not ended."""

    key, one, many = "agents", "agent", "agents"
    noun = Noun.AGENT

    def rows(self) -> QuerySet[Agent]:
        return agents_of(self.organization).exclude(state=Agent.State.ENDED)

    def choice(self, row: Agent) -> Choice:
        return Choice(str(row.pk), row.name, row.owner.email if row.owner else "")


class SharedKeys(Source[AccessToken]):
    """Integration keys, which are nobody's."""

    key, one, many = "shared-keys", "shared key", "shared keys"
    searched = "the beginning of its name"

    def __init__(self, organization: Organization) -> None:
        self.organization = organization

    def rows(self) -> QuerySet[AccessToken]:
        return tokens_of(self.organization).filter(kind=AccessToken.Kind.INTEGRATION)

    def found_by(self, text: str) -> Q:
        return Q(name__istartswith=text)

    def choice(self, row: AccessToken) -> Choice:
        return Choice(str(row.pk), row.name, f"…{row.hint}")


class GroupsField(SeveralField[Group]):
    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(Groups(organization), **options)


class GroupField(OneField[Group]):
    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(Groups(organization), **options)


class PeopleField(SeveralField[Membership]):
    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(People(organization), **options)


class ManyPeopleField(ChangedField[Membership]):
    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(People(organization), **options)


class PersonField(OneField[Membership]):
    """Anybody of the organization; `only_active` leaves out whose access is switched off."""

    def __init__(self, organization: Organization, *, only_active: bool = False, **options: Any) -> None:
        super().__init__((People if only_active else Everybody)(organization), **options)


class AccountField(OneField[Membership]):
    """The account of somebody active."""

    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(Accounts(organization), **options)

    def clean(self, value: Sent) -> User | None:  # type: ignore[override]
        membership = super().clean(value)
        return membership.user if membership else None


class RoleField(forms.ChoiceField):
    def __init__(self) -> None:
        super().__init__(choices=ROLE_CHOICES, label="Role", help_text=ROLE_HELP, initial=Role.MEMBER)


EXPIRY = [(30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "One year")]


class ExpiryField(forms.TypedChoiceField):
    def __init__(self) -> None:
        super().__init__(choices=EXPIRY, coerce=int, initial=90, label="Expires after")
