"""What guards roles: only owners make and change owners, and the last one stays, and so does who gets in without single
sign-on."""

from __future__ import annotations

from audit.actor import Actor
from harriet.people.errors import NotAllowed, PeopleError
from harriet.people.models import Membership, Organization, SignInRule
from harriet.people.permissions import has_power, is_directory, membership_of_actor
from harriet.people.roles import Power, Role


def check_role(organization: Organization, role: str, *, actor: Actor) -> None:
    """The role exists, and only an owner gives away ownership."""
    if role not in Role.values:
        raise PeopleError(f"“{role[:40]}” is no role. The roles are: {', '.join(Role.values)}.", field="role")
    if role == Role.OWNER:
        _demand_owner(organization, actor, "make somebody an owner")


def check_may_change(membership: Membership, *, actor: Actor) -> None:
    """Owners are changed by owners alone, and by the directory, whose token an owner made."""
    if membership.role == Role.OWNER and not is_directory(actor, membership.organization):
        _demand_owner(membership.organization, actor, "change an owner")


def check_owner_remains(membership: Membership) -> None:
    """Call inside the transaction that ends this membership's ownership; locks the owners, so two can't both leave. Who
    gets in while the identity provider is down stays as well: nobody could mend it then."""
    owners = Membership.objects.select_for_update().filter(
        organization=membership.organization_id, role=Role.OWNER, is_active=True
    )
    if {owner.pk for owner in owners} <= {membership.pk} and membership.role == Role.OWNER:
        raise PeopleError("This is the last active owner. Make somebody else an owner first.", field="role")
    rule = SignInRule.objects.select_for_update().filter(organization=membership.organization_id).first()
    if rule is not None and rule.is_enforced and rule.break_glass_id == membership.user_id:
        raise PeopleError(
            "This is the owner who gets in without single sign-on. Name another one under Sign-in first.", field="role"
        )


def _demand_owner(organization: Organization, actor: Actor, doing: str) -> None:
    if actor.kind == "system" or has_power(membership_of_actor(actor, organization), Power.MANAGE_ORGANIZATION):
        return
    raise NotAllowed(f"Only an owner of {organization.name} may {doing}.")
