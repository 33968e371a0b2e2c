"""Calls that wait although nobody can decide on them: everyone who may could have made them, or nobody may."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from approvals.deciders import APPROVING_ROLES
from approvals.models import PendingAction
from approvals.queries import still_waiting
from connectors.models import ConnectorPermission
from harriet.people.models import Membership
from harriet.people.notifications.recipients import active_here

MOST = 200
"""Of those that wait, the oldest are looked at."""


def undecidable_calls(organization_id: UUID, *, without: UUID | None = None) -> list[PendingAction]:
    """`without`: as if this person did not decide any more, and only those on which they still can. By who asked and
    who made the credential; what else may keep somebody from deciding is left to the ticket's page."""
    waiting = list(still_waiting(organization_id).select_related("ticket", "token", "connector").order_by("pk")[:MOST])
    if not waiting:
        return []
    by_role = set(active_here(organization_id).filter(role__in=APPROVING_ROLES).values_list("user_id", flat=True))
    by_group = _by_group(organization_id, {action.connector_id for action in waiting})
    found = []
    for action in waiting:
        deciders = (by_role | by_group[action.connector_id]) - _makers(action)
        if deciders == {without} if without else not deciders:
            found.append(action)
    return found


def _by_group(organization_id: UUID, connector_ids: set[UUID]) -> defaultdict[UUID, set[UUID]]:
    """Per connector, the people whose groups decide for it."""
    rows = Membership.groups.through.objects.filter(
        membership__in=active_here(organization_id),
        group__connector_permissions__content_object__in=connector_ids,
        group__connector_permissions__permission__codename=ConnectorPermission.APPROVE,
    ).values_list("group__connector_permissions__content_object", "membership__user_id")
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for connector_id, user_id in rows:
        found[connector_id].add(user_id)
    return found


def _makers(action: PendingAction) -> set[UUID | None]:
    return {action.user_id, action.token.created_by_id if action.token else None}
