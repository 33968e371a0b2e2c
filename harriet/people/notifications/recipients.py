"""Who hears of what: whoever looks after a thing, or those who look after everything when nobody does."""

from __future__ import annotations

from collections import defaultdict
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


def who_look_after_each(owned: Iterable[tuple[UUID, UUID | None]]) -> dict[tuple[UUID, UUID | None], list[UUID]]:
    """The same for many things, each by its organization and its owner, in two queries."""
    things = set(owned)
    here = Membership.objects.filter(is_active=True, user__is_active=True, organization__in={one for one, _ in things})
    owners = here.filter(user__in={owner for _, owner in things if owner})
    roles = {(place, user): role for place, user, role in owners.values_list("organization", "user", "role")}
    admins: defaultdict[UUID, list[UUID]] = defaultdict(list)
    everywhere = here.filter(role__in=(Role.OWNER, Role.MCP_ADMIN)).order_by("user__email")
    for place, user in everywhere.values_list("organization", "user"):
        admins[place].append(user)
    found = {}
    for place, owner in things:
        role = roles.get((place, owner)) if owner else None
        may_mend = role is not None and Power.MANAGE_CONNECTORS in Role(role).powers
        own = [owner] if owner and role is not None else []
        found[place, owner] = own if may_mend else list(dict.fromkeys([*own, *admins[place]]))
    return found


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
