"""Adds somebody new to an organization directly, without an invitation: set-up file, API."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.errors import PeopleError
from harriet.people.events import PersonAdded
from harriet.people.models import Group, Membership, Organization, User
from harriet.people.names import clean_email, clean_name
from harriet.people.permissions import demand
from harriet.people.queries import account_elsewhere
from harriet.people.rights_given import note_rights_of
from harriet.people.role_rules import check_role
from harriet.people.roles import Power
from harriet.people.version import move_version


def add_person(
    organization: Organization, email: str, role: str, groups: Iterable[Group] = (), name: str = "", *, actor: Actor
) -> Membership:
    """Someone new gets no password: they set one through "forgot password". Who has an account is asked: bring_person
    invites them."""
    demand(actor, organization, Power.MANAGE_PEOPLE)
    check_role(organization, role, actor=actor)
    if account_elsewhere(organization, clean_email(email), by_system=actor.kind == "system"):
        raise PeopleError(f"{email} has an account at Harriet already: invite them, and they accept.", field="email")
    with transaction.atomic():
        user = user_for(clean_email(email), clean_name(name) if name else "")
        return admit(organization, user, role, groups, actor=actor)


def admit(
    organization: Organization, user: User, role: str, groups: Iterable[Group] = (), *, actor: Actor
) -> Membership:
    """Inside the caller's transaction, which has asked whether the actor may, and whether the person agrees."""
    membership = join(organization, user, role, groups, by=actor)
    record(
        PersonAdded(person=person_label(user), role=membership.get_role_display()),
        organization_id=organization.pk,
        actor=actor,
    )
    return membership


def user_for(email: str, name: str = "", password: str | None = None) -> User:
    """The person with this address, made when there is none; the password is only ever that of a new person."""
    found = User.objects.filter(email__iexact=email).first()
    return found or User.objects.create_user(email, password, name=name)


def join(
    organization: Organization, user: User, role: str, groups: Iterable[Group], *, by: Actor | User | None
) -> Membership:
    """`by` is who lets them in."""
    membership, is_new = Membership.objects.get_or_create(organization=organization, user=user, defaults={"role": role})
    if not is_new:
        raise already_here(user.email, organization)
    membership.groups.set(own_groups(organization, groups))
    note_rights_of(membership, by)
    move_version(organization.pk)
    return membership


def already_here(email: str, organization: Organization) -> PeopleError:
    return PeopleError(f"{email} already belongs to {organization.name}.", field="email")


def own_groups(organization: Organization, groups: Iterable[Group]) -> list[Group]:
    """Raises PeopleError for one of another organization."""
    chosen = list(groups)
    if any(group.organization_id != organization.pk for group in chosen):
        raise PeopleError("One of the groups belongs to another organization.", field="groups")
    return chosen
