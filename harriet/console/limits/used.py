"""The limits that concern one person, and how much of each was used today: as the database knows it, some seconds
behind the gateway. Of a minute nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet

from connectors.limits_kept import limits_of
from connectors.models import CallLimit, Connector, LimitCount, Risk, Tool
from harriet.people.models import Membership
from harriet.people.queries import devices_of

MOST_LIMITS = 50
MOST_DEVICES = 50
"""Of one person, that are looked at."""
MOST_USES = 5
"""Of one limit, that are told: those that used most of it."""
Kind = CallLimit.Kind
OWN = (Kind.PERSON, Kind.DEVICE)
"""The kinds of limits that count a person's own calls alone."""
Subjects = Mapping[str, Mapping[UUID, str]]
"""By kind, the ids by which limits know somebody and something, and what they are called."""


@dataclass(frozen=True, slots=True)
class Use:
    """How many calls of one person, device, tool … count against a limit today."""

    name: str
    calls: int


@dataclass(frozen=True, slots=True)
class LimitInUse:
    limit: CallLimit
    uses: list[Use]
    """Those that used most first; none where the limit is one for a minute alone."""

    @property
    def is_own(self) -> bool:
        return self.limit.kind in OWN

    @property
    def reached(self) -> list[Use]:
        """Whose next call is beyond it, until midnight in UTC."""
        return [use for use in self.uses if self.limit.per_day and use.calls >= self.limit.per_day]


def limits_on_tool(membership: Membership, tool: Tool) -> list[LimitInUse]:
    """Every limit that a call of the tool by this person counts against, whoever else uses it."""
    subjects = own_subjects(membership) | {
        Kind.TOOL: {tool.pk: tool.name},
        Kind.CONNECTOR: {tool.connector_id: tool.connector.name},
    }
    limits = limits_of(membership.organization).filter(
        _own(membership) | _of_tools(Tool.objects.filter(pk=tool.pk), Connector.objects.filter(pk=tool.connector_id))
    )
    if tool.kind != Tool.Kind.TOOL or tool.risk == Risk.READ_ONLY:
        limits = limits.exclude(counts=CallLimit.Counts.WRITES)
    return in_use(_some(limits), subjects)


def limits_of_person(membership: Membership, tools: QuerySet[Tool]) -> list[LimitInUse]:
    """Those that concern the calls of these tools by this person. Of what others use, too, it is told which of it is
    used up, and not by how many calls."""
    connectors = Connector.objects.filter(pk__in=tools.order_by().values("connector"))
    limits = _some(limits_of(membership.organization).filter(_own(membership) | _of_tools(tools, connectors)))
    own = in_use([limit for limit in limits if limit.kind in OWN], own_subjects(membership))
    shared = [limit for limit in limits if limit.kind not in OWN]
    full = _full(shared, tools, connectors)
    return own + [LimitInUse(limit, full.get(limit.pk, [])) for limit in shared]


def logged_id(subject: Model | None) -> UUID | None:
    """By which the log and the counts know whom or what a limit names; None for each of the kind."""
    if subject is None:
        return None
    known: UUID = subject.user_id if isinstance(subject, Membership) else subject.pk
    return known


def own_subjects(membership: Membership) -> dict[str, Mapping[UUID, str]]:
    devices = devices_of(membership.organization, membership.user)[:MOST_DEVICES]
    return {
        Kind.PERSON: {membership.user_id: membership.user.email},
        Kind.DEVICE: {device.pk: device.name for device in devices},
    }


def in_use(limits: list[CallLimit], subjects: Subjects) -> list[LimitInUse]:
    ids = {subject_id for named in subjects.values() for subject_id in named}
    rows = LimitCount.objects.filter(limit__in=[limit.pk for limit in limits], subject_id__in=ids, day=_today())
    counted = {(limit_id, subject_id): calls for limit_id, subject_id, calls in rows.values_list(*_COUNT)}
    return [LimitInUse(limit, _uses(limit, subjects.get(limit.kind, {}), counted)) for limit in limits]


_COUNT = ("limit_id", "subject_id", "calls")


def _uses(limit: CallLimit, named: Mapping[UUID, str], counted: Mapping[tuple[UUID, UUID], int]) -> list[Use]:
    if not limit.per_day:
        return []
    one = logged_id(limit.subject)
    found = [Use(name, counted.get((limit.pk, pk), 0)) for pk, name in named.items() if one is None or pk == one]
    return sorted(found, key=lambda use: (-use.calls, use.name))[:MOST_USES]


def _full(shared: list[CallLimit], tools: QuerySet[Tool], connectors: QuerySet[Connector]) -> dict[UUID, list[Use]]:
    """By limit, the tools and connectors that have used it up."""
    by_id = {limit.pk: limit for limit in shared if limit.per_day}
    if not by_id:
        return {}
    rows = LimitCount.objects.filter(limit__in=list(by_id), day=_today(), calls__gte=F("limit__per_day"))
    ids = {subject_id for _, subject_id, _ in rows.values_list(*_COUNT)[:MOST_LIMITS]}
    names = dict(tools.order_by().filter(pk__in=ids).values_list("pk", "name"))
    names |= dict(connectors.filter(pk__in=ids).values_list("pk", "name"))
    found: dict[UUID, list[Use]] = {}
    for limit_id, subject_id, calls in rows.filter(subject_id__in=names).values_list(*_COUNT):
        found.setdefault(limit_id, []).append(Use(names[subject_id], calls))
    return found


def _own(membership: Membership) -> Q:
    devices = devices_of(membership.organization, membership.user).order_by().values("pk")
    each = Q(kind=Kind.PERSON, person=None) | Q(kind=Kind.DEVICE, device=None)
    return each | Q(person=membership) | Q(device__in=devices)


def _of_tools(tools: QuerySet[Tool], connectors: QuerySet[Connector]) -> Q:
    each = Q(kind=Kind.TOOL, tool=None) | Q(kind=Kind.CONNECTOR, connector=None)
    return each | Q(tool__in=tools.order_by().values("pk")) | Q(connector__in=connectors.order_by().values("pk"))


def _some(limits: QuerySet[CallLimit]) -> list[CallLimit]:
    return list(limits.order_by("kind", "pk")[:MOST_LIMITS])


def _today() -> date:
    return datetime.now(UTC).date()
