"""Who may help whom back into their account: nobody gains by it what they could not have before."""

from __future__ import annotations

from audit.actor import Actor
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership
from harriet.people.permissions import demand
from harriet.people.role_rules import check_may_change
from harriet.people.roles import Power

ELSEWHERE = (
    "This account also belongs to another organization, so nobody of {organization} changes how its person signs in. "
    "Whoever runs the machine can: manage.py setup_link --for {email}"
)


def check_may_recover(membership: Membership, *, actor: Actor) -> None:
    """Raises NotAllowed. For an owner only another owner; for accounts that are more than this organization's, and for
    operators of the installation, only on the machine."""
    if actor.kind == "system":
        return
    user, organization = membership.user, membership.organization
    demand(actor, organization, Power.MANAGE_PEOPLE)
    check_may_change(membership, actor=actor)
    if actor.kind != "person" or actor.id is None:
        raise NotAllowed("A person does this in the pages; no token does.")
    if actor.id == user.pk:
        raise NotAllowed("Change how you sign in yourself under Your account. Another owner or IT admin can help you.")
    if user.is_superuser:
        raise NotAllowed("Operators of the installation are helped on the machine: manage.py setup_link --for …")
    if Membership.objects.filter(user=user).exclude(pk=membership.pk).exists():
        raise NotAllowed(ELSEWHERE.format(organization=organization.name, email=user.email))
    if not membership.is_active:
        raise NotAllowed(f"{user.email} has no access here. Activate them first.")
