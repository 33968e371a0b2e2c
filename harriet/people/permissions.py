"""Which role may do what in an organization, and the question every action asks first."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from harriet.people.errors import NotAllowed
from harriet.people.models import AccessToken, Membership, Organization, Role

if TYPE_CHECKING:
    from audit.actor import Actor


class Power(StrEnum):
    MANAGE_ORGANIZATION = "manage the organization"
    MANAGE_PEOPLE = "manage people and groups"
    MANAGE_CONNECTORS = "manage connectors"
    MANAGE_CREDENTIALS = "manage credentials"
    MANAGE_PROFILES = "manage profiles"
    MANAGE_TOKENS = "manage devices and tokens"
    DECIDE_ACTIONS = "decide on pending actions"
    VIEW_AUDIT = "read the audit log"
    VIEW_SETTINGS = "see company settings"


POWERS: dict[str, frozenset[Power]] = {
    Role.OWNER: frozenset(Power),
    Role.MCP_ADMIN: frozenset(Power) - {Power.MANAGE_ORGANIZATION},
    Role.APPROVER: frozenset({Power.DECIDE_ACTIONS, Power.VIEW_SETTINGS}),
    Role.AUDITOR: frozenset({Power.VIEW_AUDIT, Power.VIEW_SETTINGS}),
    Role.REVIEWER: frozenset({Power.VIEW_SETTINGS}),
    Role.MEMBER: frozenset(),
}


def has_power(membership: Membership | None, power: Power) -> bool:
    return membership is not None and membership.is_active and power in POWERS[membership.role]


def demand(actor: Actor, organization: Organization, power: Power) -> None:
    """Raises NotAllowed unless the actor holds the power here and now; the system itself may do everything."""
    if actor.kind == "system":
        return
    if not has_power(membership_of_actor(actor, organization), power):
        raise NotAllowed(f"You may not {power} in {organization.name}. Ask an owner or IT admin of the organization.")


def membership_of_actor(actor: Actor, organization: Organization) -> Membership | None:
    """The membership that an actor acts through: a person's own, or that of the person who holds the token."""
    if actor.id is None:
        return None
    memberships = Membership.objects.filter(organization=organization, is_active=True)
    if actor.kind == "token":
        holder = AccessToken.objects.filter(pk=actor.id, organization=organization, revoked_at=None).values("user_id")
        return memberships.filter(user_id__in=holder).first()
    return memberships.filter(user_id=actor.id).first()
