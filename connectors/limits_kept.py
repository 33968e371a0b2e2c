"""The limits of one organization, what it chose about repeated and failing calls, and which limits were reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from connectors.models import Breakers, CallLimit, Connector, LimitCount, Tool
from connectors.models.limits import SUBJECTS
from harriet.people.models import AccessToken, Agent, Device, Organization, User
from harriet.people.queries import or_not_found

_WITH = (*SUBJECTS, "person__user", "device__user", "tool__connector", "organization")
_LABELS: dict[str, tuple[Any, str]] = {
    CallLimit.Kind.PERSON: (User, "email"),
    CallLimit.Kind.DEVICE: (Device, "name"),
    CallLimit.Kind.AGENT: (Agent, "name"),
    CallLimit.Kind.KEY: (AccessToken, "name"),
    CallLimit.Kind.TOOL: (Tool, "name"),
    CallLimit.Kind.CONNECTOR: (Connector, "name"),
}


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that calls were beyond on one day, and whose it was."""

    limit: CallLimit
    label: str
    turned_away: int
    at: datetime | None


def limits_of(organization: Organization) -> QuerySet[CallLimit]:
    """With how many calls were beyond each today, as `beyond_today`, and when last, as `beyond_at`."""
    mine = LimitCount.objects.filter(limit=OuterRef("pk"), day=datetime.now(UTC).date(), turned_away__gt=0)
    today = mine.order_by().values("limit")
    return (
        CallLimit.objects.filter(organization=organization)
        .select_related(*_WITH)
        .annotate(
            beyond_today=Coalesce(Subquery(today.values(beyond=Sum("turned_away"))), 0, output_field=BigIntegerField()),
            beyond_at=Subquery(today.values(at=Max("turned_away_at"))),
        )
    )


def limit_of(organization: Organization, limit_id: UUID) -> CallLimit:
    """Raises NotFound."""
    return or_not_found(limits_of(organization).filter(pk=limit_id).first(), "There is no such limit here.")


def breakers_of(organization_id: UUID) -> Breakers:
    """What was chosen; or what holds where nobody has, which has no row yet and excepts no tools."""
    return Breakers.objects.filter(pk=organization_id).first() or Breakers()


def reached_today(organization: Organization, most: int) -> list[Reached]:
    """The last of them first."""
    mine = LimitCount.objects.filter(limit__organization=organization, day=datetime.now(UTC).date(), turned_away__gt=0)
    rows = list(mine.select_related(*(f"limit__{name}" for name in _WITH)).order_by("-turned_away_at")[:most])
    labels = _labels((row.limit.kind, row.subject_id) for row in rows)
    return [
        Reached(row.limit, labels.get(row.subject_id, "One that is gone"), row.turned_away, row.turned_away_at)
        for row in rows
    ]


def _labels(subjects: Iterable[tuple[str, UUID]]) -> dict[UUID, str]:
    ids: dict[str, list[UUID]] = {}
    for kind, subject_id in subjects:
        ids.setdefault(kind, []).append(subject_id)
    found: dict[UUID, str] = {}
    for kind, some in ids.items():
        model, name = _LABELS[kind]
        found |= dict(model.objects.filter(pk__in=some).values_list("pk", name))
    return found
