"""Which tickets somebody sees, and what waits for whom; always within one organization."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from approvals.deciders import decided_by_others
from approvals.models import PendingAction, Ticket
from harriet.people.models import Membership
from harriet.people.permissions import Power, has_power

if TYPE_CHECKING:
    from harriet.people.models import Organization


def tickets_of(organization: Organization) -> QuerySet[Ticket]:
    """Those of deleted connectors are left to the audit log: what they were about is gone."""
    return (
        Ticket.objects.filter(organization=organization, action__isnull=False)
        .select_related("action__connector", "action__tool", "action__decision", "action__user")
        .order_by("-number")
    )


def tickets_for(membership: Membership) -> QuerySet[Ticket]:
    """Those that the person may see: all for approvers, else the ones they decide on or asked for."""
    tickets = tickets_of(membership.organization)
    if has_power(membership, Power.DECIDE_ACTIONS):
        return tickets
    return tickets.filter(Q(action__user=membership.user_id) | Q(action__connector__in=_decides_for(membership)))


def waiting_for(membership: Membership) -> QuerySet[Ticket]:
    """Tickets on which this person could decide now."""
    tickets = tickets_for(membership).filter(action__state=PendingAction.State.WAITING)
    if not has_power(membership, Power.DECIDE_ACTIONS):
        tickets = tickets.filter(action__connector__in=_decides_for(membership))
    others = PendingAction.objects.filter(decided_by_others(membership), organization=membership.organization_id)
    return tickets.exclude(action__in=others)


def still_waiting(organization_id: UUID) -> QuerySet[PendingAction]:
    """What somebody can decide on now, by the database's clock."""
    waiting = PendingAction.objects.filter(organization=organization_id, state=PendingAction.State.WAITING)
    return waiting.filter(expires_at__gt=Now())


def asked_by(actions: QuerySet[PendingAction], user_id: UUID | None, token_id: UUID | None) -> QuerySet[PendingAction]:
    """A person's, with whichever of their clients; or those of one key that is nobody's."""
    return actions.filter(user=user_id) if user_id else actions.filter(user=None, token=token_id)


def _decides_for(membership: Membership) -> QuerySet[PendingAction, object]:
    return PendingAction.objects.filter(
        organization=membership.organization_id,
        connector__group_permissions__permission__codename="approve_connector",
        connector__group_permissions__group__memberships=membership,
    ).values("connector")
