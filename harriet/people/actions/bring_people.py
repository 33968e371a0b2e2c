"""Brings many people at once, each as `bring_person` brings one: what one of them is refused keeps no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower

from audit.actor import Actor
from audit.record import record_each
from harriet.lib.errors import Problem
from harriet.people.actions.add_person import already_here, own_groups
from harriet.people.actions.bring_person import bring_person
from harriet.people.actors import person_label
from harriet.people.events import PersonAdded
from harriet.people.models import Group, Invitation, Membership, Organization, User
from harriet.people.names import clean_email, clean_name
from harriet.people.permissions import demand
from harriet.people.queries import is_asked_first
from harriet.people.rights_given import note_rights_of_each
from harriet.people.role_rules import check_role
from harriet.people.roles import Power
from harriet.people.version import move_version


class NewPerson(NamedTuple):
    email: str
    role: str
    groups: tuple[Group, ...] = ()
    name: str = ""


Came = Membership | Invitation | Problem
"""What became of one of them; a Problem is why they were not brought."""


class _Checked(NamedTuple):
    """Somebody who may be added, as they will be."""

    person: NewPerson
    email: str
    name: str
    user: User | None
    """The account that is there already, which nobody can sign in with yet."""


def bring_people(organization: Organization, people: Sequence[NewPerson], *, actor: Actor) -> list[Came]:
    """In their order. Asks no more often for many than for one, but for those who have an account and are invited, each
    by themselves. A few hundred at a time: it is one transaction. Raises NotAllowed."""
    demand(actor, organization, Power.MANAGE_PEOPLE)
    checked = list(_checked(organization, people, actor))
    added = [one for one in checked if isinstance(one, _Checked)]
    try:
        memberships = iter(_added(organization, added, actor) if added else [])
    except IntegrityError:  # somebody else brought one of them at this moment
        return [_brought(organization, person, actor) for person in people]
    return [next(memberships) if isinstance(one, _Checked) else one for one in checked]


def _brought(organization: Organization, person: NewPerson, actor: Actor) -> Came:
    try:
        return bring_person(organization, person.email, person.role, person.groups, person.name, actor=actor)
    except Problem as problem:
        return problem


def _checked(organization: Organization, people: Iterable[NewPerson], actor: Actor) -> Iterator[_Checked | Came]:
    people, taken = list(people), set[str]()
    accounts, roles = _Accounts.of(organization, people), dict[str, Problem | None]()
    for person in people:
        try:
            email = clean_email(person.email)
            user = accounts.users.get(email)
            if user is not None and _is_asked(user, accounts, actor):
                yield _brought(organization, person, actor)
                continue
            _check(organization, person.role, roles, actor)
            name = clean_name(person.name) if person.name else ""
            if email in taken or (user is not None and user.pk in accounts.here):
                raise already_here(user.email if user else email, organization)
            own_groups(organization, person.groups)
            taken.add(email)
            yield _Checked(person, email, name, user)
        except Problem as problem:
            yield problem


class _Accounts(NamedTuple):
    users: dict[str, User]
    """By their addresses in small letters."""
    here: set[UUID]
    elsewhere: set[UUID]

    @classmethod
    def of(cls, organization: Organization, people: Iterable[NewPerson]) -> _Accounts:
        addresses = {person.email.strip().lower() for person in people}
        found = User.objects.alias(address=Lower("email")).filter(address__in=addresses)
        users: dict[str, User] = {user.email.lower(): user for user in found}
        places = Membership.objects.filter(user__in=[user.pk for user in users.values()])
        pairs = list(places.values_list("user_id", "organization_id"))
        here = {user for user, place in pairs if place == organization.pk}
        return cls(users, here, {user for user, _ in pairs})


def _is_asked(user: User, accounts: _Accounts, actor: Actor) -> bool:
    is_elsewhere = user.pk in accounts.elsewhere
    return user.pk not in accounts.here and is_asked_first(user, is_elsewhere, by_system=actor.kind == "system")


def _check(organization: Organization, role: str, known: dict[str, Problem | None], actor: Actor) -> None:
    """Each role once. Raises what `check_role` raises."""
    if role not in known:
        try:
            check_role(organization, role, actor=actor)
            known[role] = None
        except Problem as problem:
            known[role] = problem
    if (refused := known[role]) is not None:
        raise refused


@transaction.atomic
def _added(organization: Organization, people: list[_Checked], actor: Actor) -> list[Membership]:
    new = {one.email: User(email=one.email, name=one.name) for one in people if one.user is None}
    for user in new.values():
        user.set_unusable_password()
    User.objects.bulk_create(new.values())
    memberships = Membership.objects.bulk_create(
        Membership(organization=organization, user=one.user or new[one.email], role=one.person.role) for one in people
    )
    groups = [own_groups(organization, one.person.groups) for one in people]
    Through = Membership.groups.through
    Through.objects.bulk_create(
        Through(membership_id=membership.pk, group_id=group.pk)
        for membership, chosen in zip(memberships, groups, strict=True)
        for group in dict.fromkeys(chosen)
    )
    note_rights_of_each([(one, bool(chosen)) for one, chosen in zip(memberships, groups, strict=True)], actor)
    move_version(organization.pk)
    happened = [PersonAdded(person=person_label(one.user), role=one.get_role_display()) for one in memberships]
    record_each(happened, organization_id=organization.pk, actor=actor)
    return memberships
