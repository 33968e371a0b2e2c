"""What the Overview and the search show: a few bulk reads, each within one organization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Now
from django.utils import timezone

from approvals.models import PendingAction
from audit.call_counts import busiest, calls_by_day
from audit.models import CallCount, SetAside
from connectors.counts import Counts
from connectors.models import Connector, Profile, Review, Tool
from connectors.ownerless import ownerless_things
from connectors.queries import UNUSED
from harriet.pages.counts import NONE, AtMost, CountAll, CountAtMost, as_at_most
from harriet.people.models import AccessToken, Device, Group, Invitation, Membership, Notice, Organization, Stop, User
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from vault.models import Credential
from vault.queries import DUE_SOON

SHOWN_DAYS = 14
What = CallCount.What


@dataclass(frozen=True, slots=True)
class SetUp:
    """Which steps towards the first governed call are done."""

    connector: bool
    tools: bool
    group: bool
    colleague: bool
    profile: bool
    client: bool
    protection: bool
    """Of the person's own sign-in."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How much of each noun an organization has: nothing removed, revoked or expired."""

    connectors: int
    people: int
    devices: AtMost
    offered: Counts


def set_up_and_totals_of(organization: Organization, user: User) -> tuple[SetUp, Totals]:
    """Which of the first steps an organization has taken, and how large it is: two queries, whatever the size."""
    here = {"organization": OuterRef("pk")}
    row = (
        Organization.objects.filter(pk=organization.pk)
        .annotate(
            has_connector=Exists(Connector.objects.filter(**here).exclude(state=Connector.State.DRAFT)),
            has_tools=Exists(Tool.objects.filter(**here, is_enabled=True)),
            has_group=Exists(Group.objects.filter(**here)),
            has_invitation=Exists(Invitation.objects.filter(**here)),
            has_profile=Exists(Profile.objects.filter(**here)),
            has_client=Exists(AccessToken.objects.filter(**here, last_seen_at__isnull=False)),
            active_connectors=CountAll(Connector.objects.filter(**here, state=Connector.State.ACTIVE)),
            active_people=CountAll(Membership.objects.filter(**here, is_active=True)),
            devices_with_access=CountAtMost(_devices_with_access()),
            is_protected=Exists(Authenticator.objects.filter(user=user)),
        )
        .values()
        .get()
    )
    people = row["active_people"]
    done = SetUp(
        connector=row["has_connector"],
        tools=row["has_tools"],
        group=row["has_group"],
        colleague=people > 1 or row["has_invitation"],
        profile=row["has_profile"],
        client=row["has_client"],
        protection=row["is_protected"],
    )
    devices = as_at_most(row["devices_with_access"])
    return done, Totals(row["active_connectors"], people, devices, _offered(organization))


def _devices_with_access() -> QuerySet[Device]:
    live = AccessToken.objects.filter(device=OuterRef("pk"), revoked_at=None, expires_at__gt=Now())
    return Device.objects.filter(Exists(live), organization=OuterRef("pk"))


def _offered(organization: Organization) -> Counts:
    """Tools and prompts of all connectors, from indexes alone. What is in quarantine doesn't count as enabled."""
    all_tools = Tool.objects.filter(organization=organization).exclude(state=Tool.State.REMOVED)
    rows = _by_kind(all_tools, 0).union(_by_kind(quarantined_tools(organization), 1), all=True)
    counts: dict[str, list[int]] = {kind: [0, 0] for kind in Tool.Kind.values}
    quarantined = 0
    for kind, is_enabled, is_quarantined, count in rows:
        quarantined += count if is_quarantined else 0
        counts[kind][0] += 0 if is_quarantined else count
        counts[kind][1] += (-count if is_quarantined else count) if is_enabled else 0
    return Counts(*(number for kind in Tool.Kind.values for number in counts[kind]))._replace(quarantined=quarantined)


def _by_kind(tools: QuerySet[Tool], mark: int) -> Any:
    marked = tools.order_by().select_related(None).annotate(mark=Value(mark))
    return marked.values_list("kind", "is_enabled", "mark").annotate(count=Count("*"))


def troubled_connectors(organization: Organization) -> QuerySet[Connector]:
    """Active ones that don't work, the longest first."""
    return Connector.objects.filter(
        organization=organization,
        state=Connector.State.ACTIVE,
        health__in=[Connector.Health.DOWN, Connector.Health.NEEDS_ADMIN],
    ).order_by("health_changed_at")


def quarantined_tools(organization: Organization) -> QuerySet[Tool]:
    """Tools and prompts whose definition has changed and waits for a look, by connector."""
    found = Tool.objects.filter(organization=organization, state=Tool.State.QUARANTINED)
    return found.select_related("connector").only("name", "kind", "connector__name").order_by("connector__name", "name")


def credentials_due(organization: Organization) -> QuerySet[Credential]:
    """To be rotated within two weeks, or already overdue."""
    soon = timezone.now() + DUE_SOON
    return Credential.objects.filter(organization=organization, rotation_due_at__lt=soon).order_by("rotation_due_at")


class Waiting(NamedTuple):
    """What the frame of every page counts for a member."""

    tickets: AtMost = NONE
    """Calls that wait for somebody's decision; none for those who don't decide."""
    unread: AtMost = NONE
    """Lines of their inbox in this organization."""
    stops: AtMost = NONE
    """Emergency stops that stand, for those who see company settings."""


def waiting_of(membership: Membership) -> Waiting:
    """One query, on every page."""
    here = membership.organization_id
    tickets = PendingAction.objects.filter(organization=here, state=PendingAction.State.WAITING)
    if not has_power(membership, Power.DECIDE_ACTIONS):
        tickets = tickets.none()
    unread = Notice.objects.filter(user=membership.user_id, organization=here, read_at=None)
    stops = Stop.objects.filter(organization=here, released_at=None)
    if not has_power(membership, Power.VIEW_SETTINGS):
        stops = stops.none()
    counts = (CountAtMost(tickets), CountAtMost(unread), CountAtMost(stops))
    row = Organization.objects.filter(pk=here).values_list(*counts).get()
    return Waiting(*(as_at_most(count or 0) for count in row))


def unused_connectors(organization: Organization) -> QuerySet[Connector]:
    """Older than the time that counts as unused, and none of their tools called in it."""
    tools = Tool.objects.filter(connector=OuterRef("pk")).order_by()
    called = tools.values("connector").annotate(last=Max("last_called_at")).values("last")
    connectors = Connector.objects.filter(UNUSED, organization=organization)
    return connectors.annotate(last_called_at=Subquery(called)).order_by("name")


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
    """The last days, oldest first, those without a call too. A call counts once it is sealed, a second later."""
    today = timezone.now().date()
    days = [today - timedelta(days=ago) for ago in reversed(range(SHOWN_DAYS))]
    counts = calls_by_day(organization.pk, since=days[0])
    kinds = (What.SUCCEEDED, What.HELD, What.REFUSED, What.FAILED)
    return [Day(day, *(counts.get(day, {}).get(kind, 0) for kind in kinds)) for day in days]


@dataclass(frozen=True, slots=True)
class BusyTool:
    """A tool and how often it was called in the last week."""

    tool: Tool
    calls: int


def busiest_tools(organization: Organization, *, most: int = 6) -> list[BusyTool]:
    """Of today and the six days before, the most called first."""
    since = timezone.now().date() - timedelta(days=6)
    counted = busiest(organization.pk, since=since, most=most)
    tools = (
        Tool.objects.filter(organization=organization).select_related("connector").in_bulk([pk for pk, _ in counted])
    )
    return [BusyTool(tools[pk], count) for pk, count in counted if pk in tools]


class SeldomTrue(NamedTuple):
    """Of what an organization should have none."""

    set_aside_at: datetime | None
    """When the newest row of the audit log was found that Harriet did not write."""
    ownerless: AtMost
    """Connectors and credentials that are looked after by somebody who has no access any more."""
    reviews: AtMost
    """Connectors that wait for review."""


def seldom_true_of(organization: Organization) -> SeldomTrue:
    """One query."""
    newest = SetAside.objects.filter(organization_id=organization.pk).order_by("-found_at").values("found_at")[:1]
    connectors, credentials = ownerless_things(organization.pk)
    row = Organization.objects.filter(pk=organization.pk).values_list(
        Subquery(newest),
        CountAtMost(connectors.exclude(owner=None)),
        CountAtMost(credentials.exclude(owner=None)),
        CountAtMost(Review.objects.filter(organization=OuterRef("pk"), state=Review.State.WAITING)),
    )
    set_aside_at, *counts = row.get()
    return SeldomTrue(set_aside_at, as_at_most(counts[0]) + as_at_most(counts[1]), as_at_most(counts[2]))
