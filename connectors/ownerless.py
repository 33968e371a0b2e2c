"""What somebody looks after, and what nobody active does: connectors and the secrets that they are signed in with."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from connectors.models import Connector
from harriet.people.models import Membership
from vault.models import Credential
from vault.queries import in_use


class Things(NamedTuple):
    connectors: QuerySet[Connector]
    credentials: QuerySet[Credential]


def owned_things(organization_id: UUID, user_id: UUID) -> Things:
    """Of one person, by name."""
    connectors, credentials = _all(organization_id)
    return Things(connectors.filter(owner=user_id), credentials.filter(owner=user_id))


def ownerless_things(organization_id: UUID) -> Things:
    """Those with an owner who is not active here, and those with none, by name."""
    active = Membership.objects.filter(
        organization=organization_id, user=OuterRef("owner"), is_active=True, user__is_active=True
    )
    connectors, credentials = _all(organization_id)
    return Things(connectors.filter(~Exists(active)), credentials.filter(~Exists(active)))


def _all(organization_id: UUID) -> Things:
    connectors = Connector.objects.filter(organization=organization_id).select_related("owner", "organization")
    credentials = in_use(Credential.objects.filter(organization=organization_id)).select_related(
        "owner", "organization"
    )
    return Things(connectors.order_by("name", "pk"), credentials.order_by("name", "pk"))
