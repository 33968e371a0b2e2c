"""Makes the first owner through the one-time set-up link."""

from __future__ import annotations

from django.db import transaction

from audit.actor import SYSTEM
from audit.record import record
from harriet.people.actions.accept_invitation import check_password
from harriet.people.actions.add_person import admit
from harriet.people.actions.change_role import change_role
from harriet.people.actions.take_setup_link import take_setup_link
from harriet.people.actors import actor_of, person_label
from harriet.people.errors import PeopleError
from harriet.people.events import SetupLinkUsed
from harriet.people.models import Membership, Organization, User
from harriet.people.names import clean_email, clean_name
from harriet.people.roles import Role
from harriet.signin.actions.found_organization import found_organization


def use_setup_link(token: str, email: str, name: str, password: str, organization_name: str) -> Membership:
    """All of it or nothing: what fails leaves the link good for another try.

    Organizations that a set-up file made before there was an owner are taken over instead of founding another one.
    """
    with transaction.atomic():
        take_setup_link(token)
        user = _owner(clean_email(email), clean_name(name), password)
        organizations = list(Organization.objects.order_by("created_at"))
        if not organizations:
            organizations = [found_organization("", organization_name, actor=SYSTEM)]
        memberships = [_make_owner(organization, user) for organization in organizations]
    return memberships[0]


def _owner(email: str, name: str, password: str) -> User:
    user = User.objects.filter(email__iexact=email).first() or User(email=email)
    if user.has_usable_password() and user.password:
        return _known(user, password)
    user.name = name
    check_password(password, user)
    user.set_password(password)
    user.save()
    return user


def _known(user: User, password: str) -> User:
    """The link makes owners; it does not change the password of somebody who has one."""
    if not user.check_password(password):
        raise PeopleError("This person has a password already. Give that one, or another address.", field="password")
    return user


def _make_owner(organization: Organization, user: User) -> Membership:
    membership = Membership.objects.filter(organization=organization, user=user).first()
    if membership is None:
        membership = admit(organization, user, Role.OWNER, actor=SYSTEM)
    else:
        membership = change_role(membership, Role.OWNER, actor=SYSTEM)
    record(SetupLinkUsed(person=person_label(user)), organization_id=organization.pk, actor=actor_of(user))
    return membership
