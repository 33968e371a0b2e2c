"""Calls that wait although nobody can decide on them: everyone who may could have made them, or nobody may."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef

from approvals.conflicts import own_decider
from approvals.deciders import APPROVING_ROLES, approvals_needed
from approvals.models import PendingAction
from approvals.queries import still_waiting
from approvals.sides import makers_of, spoken_of
from connectors.models import Connector, ConnectorPermission
from harriet.people.models import Membership
from harriet.people.notifications.recipients import active_here

MOST = 200
"""Of those that wait, the oldest are looked at."""
ENOUGH = 7
"""Deciders: a call has at most three makers, one may have approved it, and one person may be left out, so two of seven
are left."""


def undecidable_calls(organization_id: UUID, *, without: UUID | None = None) -> list[PendingAction]:
    """`without`: as if this person did not decide any more, and only those on which they still can. By who asked and
    who made the credential, and by how many it takes; what else may keep somebody from deciding is left to the
    ticket's page."""
    related = ("ticket", "token__agent", "connector", "tool")
    waiting = list(still_waiting(organization_id).select_related(*related).order_by("pk")[:MOST])
    if not waiting:
        return []
    deciders, spoken = _deciders(organization_id, {action.connector_id for action in waiting}), spoken_of(waiting)
    found = []
    for action in waiting:
        said = spoken[action.pk]
        left = _left(action, deciders[action.connector_id]) - said.people
        missing = approvals_needed(action) - len(said.approved)
        if (without in left and len(left) == missing) if without else len(left) < missing:
            found.append(action)
    return found


def _left(action: PendingAction, deciders: set[UUID]) -> set[UUID]:
    """Whoever asked is among them where they decide, too."""
    own = own_decider(action)
    return deciders - makers_of(action) | ({own} if own is not None else set())


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
