"""Who answers requests for access and reports: whoever manages connectors, and the connector's owner."""

from __future__ import annotations

from uuid import UUID

from approvals.models import AccessRequest, Report
from connectors.models import Connector
from harriet.people.models import Membership
from harriet.people.notifications.recipients import with_roles
from harriet.people.permissions import has_power
from harriet.people.roles import Power, roles_with


def may_answer(asked: AccessRequest | Report, membership: Membership) -> bool:
    """Whether this member of the organization does."""
    owns = asked.connector is not None and asked.connector.owner_id == membership.user_id
    return membership.is_active and (owns or has_power(membership, Power.MANAGE_CONNECTORS))


def answerers_of(organization_id: UUID, connector: Connector | None) -> list[UUID]:
    """User ids of those who are told of a request: the connector's owner; without one, all who manage connectors."""
    here = Membership.objects.filter(organization=organization_id, is_active=True, user__is_active=True)
    owners = here.filter(user=connector.owner_id) if connector and connector.owner_id else here.none()
    told = list(owners.values_list("user_id", flat=True))
    return told or list(here.filter(role__in=roles_with(Power.MANAGE_CONNECTORS)).values_list("user_id", flat=True))


def hear_of_reports(report: Report) -> list[UUID]:
    """User ids: all who manage connectors, and the connector's owner; but whoever made it."""
    owner = report.connector.owner_id if report.connector else None
    here = Membership.objects.filter(organization=report.organization_id, is_active=True, user__is_active=True)
    owners = list(here.filter(user=owner).values_list("user_id", flat=True)) if owner else []
    told = dict.fromkeys((*owners, *with_roles(report.organization_id, roles_with(Power.MANAGE_CONNECTORS))))
    return [user_id for user_id in told if user_id != report.reporter_id]
