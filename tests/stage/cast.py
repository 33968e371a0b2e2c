"""The people of every story: Alice runs IT, Bob approves, Dana sells; Charlie works elsewhere."""

from dataclasses import dataclass
from importlib import import_module

from audit.actor import Actor
from harriet.people.models import Group, Membership, Organization, OrganizationVersion, User
from harriet.people.roles import Role


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
    dana = _person(acme, "dana", Role.MEMBER)
    dana.memberships.get().groups.add(sales)
    return Cast(
        acme=acme,
        globex=globex,
        alice=_person(acme, "alice", Role.OWNER),
        bob=_person(acme, "bob", Role.APPROVER),
        dana=dana,
        charlie=_person(globex, "charlie", Role.OWNER),
        sales=sales,
    )


def _organization(slug: str, name: str) -> Organization:
    organization = Organization.objects.create(slug=slug, name=name)
    OrganizationVersion.objects.create(organization=organization)
    _create_data_key(organization)
    return organization


def _create_data_key(organization: Organization) -> None:
    try:
        action = import_module("vault.actions.create_data_key")
    except ModuleNotFoundError:
        return
    action.create_data_key(organization.pk)


def _person(organization: Organization, name: str, role: Role) -> User:
    user = User.objects.create_user(f"{name}@{organization.slug}.test", "correct horse battery", name=name.title())
    Membership.objects.create(organization=organization, user=user, role=role)
    return user
