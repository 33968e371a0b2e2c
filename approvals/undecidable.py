"""Calls that wait although nobody can decide on them: everyone who may could have made them, or nobody may."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef

from approvals.deciders import APPROVING_ROLES, owner_of_agent
from approvals.models import PendingAction
from approvals.queries import still_waiting
from connectors.models import Connector, ConnectorPermission
from harriet.people.models import Membership
from harriet.people.notifications.recipients import active_here

MOST = 200
"""Of those that wait, the oldest are looked at."""
ENOUGH = 5
"""Deciders: a call has at most three makers, and one person may be left out, so one of five is left."""


def undecidable_calls(organization_id: UUID, *, without: UUID | None = None) -> list[PendingAction]:
    """`without`: as if this person did not decide any more, and only those on which they still can. By who asked and
    who made the credential; what else may keep somebody from deciding is left to the ticket's page."""
    waiting = list(
        still_waiting(organization_id).select_related("ticket", "token__agent", "connector").order_by("pk")[:MOST]
    )
    if not waiting:
        return []
    deciders = _deciders(organization_id, {action.connector_id for action in waiting})
    found = []
    for action in waiting:
        left = deciders[action.connector_id] - _makers(action)
        if left == {without} if without else not left:
            found.append(action)
    return found


def _deciders(organization_id: UUID, connector_ids: set[UUID]) -> dict[UUID, set[UUID]]:
    """Per connector, who decides for it by role or by group: of many, enough."""
    active = active_here(organization_id)
    in_group = Membership.groups.through.objects.filter(
        membership=OuterRef("pk"),
        group__connector_permissions__content_object=OuterRef(OuterRef("pk")),
        group__connector_permissions__permission__codename=ConnectorPermission.APPROVE,
    )
    connectors = Connector.objects.filter(pk__in=connector_ids).annotate(
        by_role=ArraySubquery(active.filter(role__in=APPROVING_ROLES).values("user_id")[:ENOUGH]),
        by_group=ArraySubquery(active.filter(Exists(in_group)).values("user_id")[:ENOUGH]),
    )
    return {pk: {*by_role, *by_group} for pk, by_role, by_group in connectors.values_list("pk", "by_role", "by_group")}


def _makers(action: PendingAction) -> set[UUID | None]:
    made_by = action.token.created_by_id if action.token else None
    return {action.user_id, made_by, owner_of_agent(action)}
