"""Makes a person known to the organization because its directory says so: without a password, with a member's role."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from audit.actor import Actor
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.add_person import admit, user_for
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.models import Membership, Organization
from harriet.people.permissions import demand
from harriet.people.queries import account_elsewhere
from harriet.people.roles import Power, Role
from harriet.signin.actions.describe_person import check_user_name, keep_description
from harriet.signin.descriptions import PersonDescription
from harriet.signin.errors import Taken
from harriet.signin.provider_queries import is_verified


def provision_person(organization: Organization, said: PersonDescription, *, actor: Actor) -> Membership:
    """Whoever the directory deleted before comes back to their own row. An account that people of another organization
    use, or that somebody can sign in with by themselves, is nobody's to take: its person is invited on the pages.
    Where the organization has verified the domain, it gets a place here; the account itself stays as it is. Raises
    Taken, PeopleError or NotAllowed."""
    demand(actor, organization, Power.MANAGE_PEOPLE)
    try:
        with transaction.atomic():
            return _provisioned(organization, said, actor)
    except IntegrityError:
        raise Taken(f"There is already a user with the userName {said.user_name} here.", field="userName") from None


def _provisioned(organization: Organization, said: PersonDescription, actor: Actor) -> Membership:
    membership = _membership_for(organization, said, actor)
    keep_description(membership, said, actor=actor)
    if said.is_active is False:
        deactivate_person(membership, actor=actor)
    elif not membership.is_active:
        activate_person(membership, actor=actor)
    return membership


def _membership_for(organization: Organization, said: PersonDescription, actor: Actor) -> Membership:
    address = said.address
    mine = Membership.objects.select_for_update(of=["self"]).select_related("user", "organization", "scim")
    check_user_name(organization, said.user_name)
    found = mine.filter(organization=organization, user__email__iexact=address).first()
    if found is None:
        return _new_member(organization, address, said, actor)
    scim = getattr(found, "scim", None)
    if scim is not None and scim.deleted_at is None:
        raise Taken(f"{address} is the address of the user {scim.user_name} here.", field="emails")
    return found


def _new_member(organization: Organization, address: str, said: PersonDescription, actor: Actor) -> Membership:
    if account_elsewhere(organization, address, by_system=False) and not is_verified(organization, address):
        raise Taken(
            f"{address} has an account at Harriet that does not belong to {organization.name}. Verify the domain under "
            "Sign-in, or invite them on the page People: they accept, and the directory finds them then.",
            field="emails",
        )
    return admit(organization, user_for(address, said.full_name), Role.MEMBER, actor=actor)
