"""What the Overview and the search show: a few bulk reads, each within one organization."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from approvals.models import PendingAction, Ticket
from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from audit.models import Event, SetAside
from audit.queries import without_set_aside
from connectors.models import Connector, Profile, Tool
from harriet.people.models import AccessToken, Group, Invitation, Membership, Organization
from vault.models import Credential
from vault.queries import DUE_SOON

UNUSED_AFTER = timedelta(days=30)
SHOWN_DAYS = 14


@dataclass(frozen=True, slots=True)
class SetUp:
    """Which steps towards the first governed call are done."""

    connector: bool
    tools: bool
    group: bool
    colleague: bool
    profile: bool
    client: bool


def set_up_of(organization: Organization) -> SetUp:
    """Which of the first steps an organization has taken, in one query."""
    here = {"organization": OuterRef("pk")}
    people = Membership.objects.filter(**here).order_by().values("organization").annotate(count=Count("pk"))
    row = (
        Organization.objects.filter(pk=organization.pk)
        .annotate(
            has_connector=Exists(Connector.objects.filter(**here).exclude(state=Connector.State.DRAFT)),
            has_tools=Exists(Tool.objects.filter(**here, is_enabled=True)),
            has_group=Exists(Group.objects.filter(**here)),
            has_people=Exists(people.filter(count__gt=1)),
            has_invitation=Exists(Invitation.objects.filter(**here)),
            has_profile=Exists(Profile.objects.filter(**here)),
            has_client=Exists(AccessToken.objects.filter(**here, last_seen_at__isnull=False)),
        )
        .values()
        .get()
    )
    return SetUp(
        connector=row["has_connector"],
        tools=row["has_tools"],
        group=row["has_group"],
        colleague=row["has_people"] or row["has_invitation"],
        profile=row["has_profile"],
        client=row["has_client"],
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """How much of each noun an organization has."""

    connectors: int
    tools_enabled: int
    tools: int
    prompts_enabled: int
    prompts: int
    people: int
    devices: int


def totals_of(organization: Organization) -> Totals:
    """Counts what is there now: nothing removed, revoked or expired."""
    tools = Tool.objects.filter(organization=organization).exclude(state=Tool.State.REMOVED)
    is_tool, is_prompt, is_on = Q(kind=Tool.Kind.TOOL), Q(kind=Tool.Kind.PROMPT), Q(is_enabled=True)
    counts = tools.aggregate(
        tools=Count("pk", filter=is_tool),
        tools_enabled=Count("pk", filter=is_tool & is_on),
        prompts=Count("pk", filter=is_prompt),
        prompts_enabled=Count("pk", filter=is_prompt & is_on),
    )
    tokens = AccessToken.objects.filter(organization=organization, revoked_at=None, expires_at__gt=timezone.now())
    return Totals(
        connectors=Connector.objects.filter(organization=organization, state=Connector.State.ACTIVE).count(),
        **counts,
        people=Membership.objects.filter(organization=organization, is_active=True).count(),
        devices=tokens.exclude(device=None).values("device").distinct().count(),
    )


def troubled_connectors(organization: Organization) -> QuerySet[Connector]:
    """Active ones that don't work, the longest first."""
    return Connector.objects.filter(
        organization=organization,
        state=Connector.State.ACTIVE,
        health__in=[Connector.Health.DOWN, Connector.Health.NEEDS_ADMIN],
    ).order_by("health_changed_at")


def connectors_with_quarantine(organization: Organization) -> QuerySet[Connector]:
    """Each with `.quarantined`, how many of its tools and prompts wait for a look."""
    waiting = Count("tools", filter=Q(tools__state=Tool.State.QUARANTINED))
    return Connector.objects.filter(organization=organization).annotate(quarantined=waiting).filter(quarantined__gt=0)


def credentials_due(organization: Organization) -> QuerySet[Credential]:
    """To be rotated within two weeks, or already overdue."""
    soon = timezone.now() + DUE_SOON
    return Credential.objects.filter(organization=organization, rotation_due_at__lt=soon).order_by("rotation_due_at")


def tickets_waiting(organization: Organization) -> int:
    """How many calls wait for somebody's decision."""
    return PendingAction.objects.filter(organization=organization, state=PendingAction.State.WAITING).count()


def unused_connectors(organization: Organization) -> QuerySet[Connector]:
    """Older than the time that counts as unused, and none of their tools called in it."""
    since = timezone.now() - UNUSED_AFTER
    called = Max("tools__last_called_at")
    active = Connector.objects.filter(organization=organization, state=Connector.State.ACTIVE, created_at__lt=since)
    unused = active.annotate(last_called_at=called).filter(Q(last_called_at=None) | Q(last_called_at__lt=since))
    return unused.order_by("name")  # a query that groups doesn't take the model's own order


@dataclass(frozen=True, slots=True)
class Day:
    """The calls of one day, by what became of them."""

    date: date
    succeeded: int
    held: int
    refused: int
    failed: int

    @property
    def total(self) -> int:
        return self.succeeded + self.held + self.refused + self.failed


def calls_per_day(organization: Organization) -> list[Day]:
    """The last days, oldest first, those without a call too."""
    today = timezone.now().date()
    days = [today - timedelta(days=ago) for ago in reversed(range(SHOWN_DAYS))]
    counts: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    found = (
        without_set_aside(Event.objects.filter(organization_id=organization.pk))
        .filter(code__in=[CALL_OUTCOME, CALL_REFUSED, CALL_HELD])
        .filter(recorded_at__date__gte=days[0])
        .values_list(TruncDate("recorded_at"), "code", "outcome")
        .annotate(count=Count("pk"))
        .order_by()
    )
    for day, code, outcome, count in found:
        counts[day][_kind(code, outcome)] += count
    return [Day(day, *(counts[day][kind] for kind in ("succeeded", "held", "refused", "failed"))) for day in days]


def _kind(code: str, outcome: str) -> str:
    if code == CALL_REFUSED:
        return "refused"
    if code == CALL_HELD:
        return "held"
    return "succeeded" if outcome == "ok" else "failed"


@dataclass(frozen=True, slots=True)
class BusyTool:
    """A tool and how often it was called in the last week."""

    tool: Tool
    calls: int


def busiest_tools(organization: Organization, *, most: int = 6) -> list[BusyTool]:
    """Of the last week, the most called first."""
    since = timezone.now() - timedelta(days=7)
    counted: list[tuple[UUID, int]] = list(
        without_set_aside(Event.objects.filter(organization_id=organization.pk))
        .filter(code=CALL_INTENT, recorded_at__gte=since)
        .exclude(tool_id=None)
        .values_list("tool_id")
        .annotate(count=Count("pk"))
        .order_by("-count")[:most]
    )
    tools = (
        Tool.objects.filter(organization=organization).select_related("connector").in_bulk([pk for pk, _ in counted])
    )
    return [BusyTool(tools[pk], count) for pk, count in counted if pk in tools]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, by noun."""

    people: list[Membership]
    connectors: list[Connector]
    tools: list[Tool]
    tickets: list[Ticket]

    def __len__(self) -> int:
        return len(self.people) + len(self.connectors) + len(self.tools) + len(self.tickets)


def find(organization: Organization, text: str, *, most: int = 8) -> Found:
    """Whatever carries the text in its name; a ticket also by its number."""
    number = text.lstrip("#")
    ticket = Q(title__icontains=text) | (Q(number=int(number)) if number.isdecimal() and len(number) < 9 else Q())
    connectors = Connector.objects.filter(organization=organization)
    tools = Tool.objects.filter(organization=organization).select_related("connector")
    people = Membership.objects.filter(organization=organization).select_related("user").order_by("user__email")
    return Found(
        people=list(people.filter(Q(user__name__icontains=text) | Q(user__email__icontains=text))[:most]),
        connectors=list(connectors.filter(Q(name__icontains=text) | Q(slug__icontains=text))[:most]),
        tools=list(tools.filter(name__icontains=text)[:most]),
        tickets=list(Ticket.objects.filter(organization=organization).filter(ticket).order_by("-number")[:most]),
    )


def rows_set_aside_at(organization: Organization) -> datetime | None:
    """When the newest row of the audit log was found that Harriet did not write; None when there is none."""
    found = SetAside.objects.filter(organization_id=organization.pk).aggregate(newest=Max("found_at"))
    newest: datetime | None = found["newest"]
    return newest
