"""Who may touch another person's devices and tokens, or issue one for them, and who may act in whose name."""

from __future__ import annotations

from audit.actor import Actor
from harriet.people.errors import NotAllowed
from harriet.people.models import Organization, User
from harriet.people.permissions import demand, membership_of_actor
from harriet.people.queries import membership_of
from harriet.people.roles import Power, Role

NEVER_FOR_OTHERS = (
    "A credential is made by the person whose it is, so that nobody else has seen it. "
    "Prepare one for them through the API (POST /api/v1/tokens/): they get a link that they alone can open."
)


def demand_own(actor: Actor, organization: Organization, user: User | None) -> None:
    """For what takes away or only prepares: revoking, registering."""
    if not is_own(actor, organization, user):
        demand(actor, organization, Power.MANAGE_TOKENS)


def demand_for(actor: Actor, organization: Organization, user: User) -> None:
    """For what is done in somebody's name: who manages tokens does it for others, but for an owner only an owner."""
    if is_own(actor, organization, user):
        return
    demand(actor, organization, Power.MANAGE_TOKENS)
    membership, mine = membership_of(user, organization), membership_of_actor(actor, organization)
    if membership and membership.role == Role.OWNER and mine and mine.role != Role.OWNER:
        raise NotAllowed(f"{user.email} owns {organization.name}: only an owner prepares anything in their name.")


def demand_self(actor: Actor, organization: Organization, user: User) -> None:
    """For what shows a secret: the person alone, or the machine's operator."""
    if actor.kind != "system" and not is_own(actor, organization, user):
        raise NotAllowed(NEVER_FOR_OTHERS)


def is_own(actor: Actor, organization: Organization, user: User | None) -> bool:
    membership = membership_of_actor(actor, organization) if actor.kind != "system" else None
    return user is not None and membership is not None and membership.user_id == user.pk
