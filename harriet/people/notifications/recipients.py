"""Who hears of what: whoever looks after a thing, or those who look after everything when nobody does."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from harriet.people.models import Membership
from harriet.people.roles import Power, Role


def who_look_after(organization_id: UUID, owner_id: UUID | None, *, besides: UUID | None = None) -> list[UUID]:
    """The owner of the thing; when there is none or they are not active here, the owners and IT admins of the
    organization, who hear of it beside an owner who may not mend it. `besides` is who knows already, because they did
    it."""
    own = dict(active_here(organization_id).filter(user=owner_id).values_list("user_id", "role")) if owner_id else {}
    may_mend = any(Power.MANAGE_CONNECTORS in Role(role).powers for role in own.values())
    found = [*own] if may_mend else [*own, *with_roles(organization_id, (Role.OWNER, Role.MCP_ADMIN))]
    return [user_id for user_id in dict.fromkeys(found) if user_id != besides]


def with_roles(organization_id: UUID, roles: Iterable[Role]) -> list[UUID]:
    """The people who have one of these roles."""
    found = active_here(organization_id).filter(role__in=list(roles))
    return list(found.order_by("user__email").values_list("user_id", flat=True))


def active_here(organization_id: UUID) -> QuerySet[Membership]:
    """Whoever may sign in and belongs to the organization: nobody else is told anything of it."""
    return Membership.objects.filter(organization=organization_id, is_active=True, user__is_active=True)


def organizations_of(user_id: UUID) -> set[UUID]:
    """Where this person is active."""
    active = Membership.objects.filter(user=user_id, is_active=True, user__is_active=True)
    return set(active.values_list("organization_id", flat=True))
