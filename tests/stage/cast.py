"""The people of every story: Alice runs IT, Bob approves, Dana sells; Charlie works elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from audit.actor import Actor
from harriet.people.models import Group, Membership, Organization, OrganizationVersion, User
from harriet.people.roles import Role
from vault.actions.create_data_key import create_data_key


@dataclass(frozen=True)
class Cast:
    acme: Organization
    globex: Organization
    alice: User
    bob: User
    dana: User
    charlie: User
    sales: Group

    def actor(self, user: User) -> Actor:
        return Actor(kind="person", id=user.pk, label=str(user))


def make_cast() -> Cast:
    acme, globex = _organization("acme", "Acme"), _organization("globex", "Globex")
    sales = Group.objects.create(organization=acme, slug="sales", name="Sales")
    return Cast(
        acme=acme,
        globex=globex,
        alice=person(acme, "Alice", Role.OWNER),
        bob=person(acme, "Bob", Role.APPROVER),
        dana=person(acme, "Dana", Role.MEMBER, groups=[sales]),
        charlie=person(globex, "Charlie", Role.OWNER),
        sales=sales,
    )


def _organization(slug: str, name: str) -> Organization:
    organization = Organization.objects.create(slug=slug, name=name)
    OrganizationVersion.objects.create(organization=organization)
    create_data_key(organization.pk)
    return organization


def person(organization: Organization, name: str, role: Role, *, email: str = "", groups: Iterable[Group] = ()) -> User:
    """Who has joined; Dana's address at Acme is dana@acme.test."""
    address = email or f"{name.lower()}@{organization.slug}.test"
    user = User.objects.create_user(address, "correct horse battery", name=name)
    Membership.objects.create(organization=organization, user=user, role=role).groups.set(groups)
    return user
