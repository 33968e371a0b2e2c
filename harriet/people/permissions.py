"""Whether somebody may do something in an organization: the question that every action asks first."""

from __future__ import annotations

from audit.actor import Actor
from harriet.people.errors import NotAllowed
from harriet.people.models import AccessToken, Membership, Organization, User
from harriet.people.roles import Power, Role


def has_power(membership: Membership | None, power: Power) -> bool:
    return membership is not None and membership.is_active and power in Role(membership.role).powers


def is_operator(user: object) -> bool:
    """Whoever `manage.py createsuperuser` named: looks after the installation, and is by that in no organization. Not
    by an organization's single sign-on: who runs that does not run the installation."""
    return isinstance(user, User) and user.is_active and user.is_superuser and user.confined_to is None


def check_whole_account(user: User) -> None:
    """For what holds wherever the person is. Raises NotAllowed for a session that is good for one of their
    organizations only: whoever runs its identity provider has no say in the others."""
    if user.confined_to is None:
        return
    if Membership.objects.filter(user=user).exclude(organization=user.confined_to).exists():
        raise NotAllowed(
            "You signed in through one organization’s single sign-on, and this account belongs to others too. Sign in "
            "with your own password to change it."
        )


def demand(actor: Actor, organization: Organization, power: Power) -> None:
    """Raises NotAllowed unless the actor holds the power here and now; the system itself may do everything."""
    if actor.kind == "system":
        return
    if power == Power.MANAGE_PEOPLE and is_directory(actor, organization):
        return
    if not has_power(membership_of_actor(actor, organization), power):
        raise NotAllowed(f"You may not {power} in {organization.name}. Ask an owner or IT admin of the organization.")


def is_directory(actor: Actor, organization: Organization) -> bool:
    """Whether the organization's directory acts, with a SCIM token: it manages people and groups, and nothing else."""
    if actor.kind != "token" or actor.id is None:
        return False
    tokens = AccessToken.objects.filter(pk=actor.id, organization=organization, kind=AccessToken.Kind.SCIM)
    return tokens.filter(revoked_at=None).exists()


def membership_of_actor(actor: Actor, organization: Organization) -> Membership | None:
    """The membership that an actor acts through: a person's own, or that of the person who holds the token."""
    if actor.id is None:
        return None
    memberships = Membership.objects.filter(organization=organization, is_active=True)
    if actor.kind == "token":
        holder = AccessToken.objects.filter(pk=actor.id, organization=organization, revoked_at=None).values("user_id")
        return memberships.filter(user_id__in=holder).first()
    return memberships.filter(user_id=actor.id).first()
