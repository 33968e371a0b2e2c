"""What a person's own clients called, how it ended, and how much of the limits that concern them is used up today."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from audit.models import CallUsage
from audit.usage import Usage, counted_until, usage_by, usage_over_time
from connectors.access.usable import usable_tools
from harriet.console.limits.used import LimitInUse, limits_of_person
from harriet.console.me.page import MyPage
from harriet.console.usage.charts import Moment, charts_of, moments_of
from harriet.console.usage.forms import BY, DAYS, Asked, asked_for
from harriet.console.usage.pages import Tab
from harriet.pages.chart import Chart
from harriet.pages.context import show
from harriet.pages.links import link_with
from harriet.people.models import Membership
from harriet.people.pages.guards import OrganizationRequest, in_organization

PAGE = 25
OWN_BY = {by: BY[by] for by in (CallUsage.Of.TOOL.value, CallUsage.Of.CLIENT.value)}
"""By what a person's own usage is listed."""


@dataclass(frozen=True, slots=True)
class MyUsagePage(MyPage):
    template = "me/usage.html"
    tab = "usage"
    asked: Asked
    together: Usage
    moments: list[Moment]
    rows: list[Usage]
    by: list[Tab]
    times: list[Tab]
    limits: list[LimitInUse]
    until: datetime | None
    """Up to when calls are counted; None for up to now."""
    older: str

    @property
    def charts(self) -> dict[str, Chart[Moment]]:
        return charts_of(self.moments) if len(self.moments) > 1 else {}

    @property
    def heading(self) -> str:
        return OWN_BY[self.asked.by]


@require_safe
@in_organization
def my_usage_page(request: OrganizationRequest) -> HttpResponse:
    organization_id, membership = request.organization.pk, request.membership
    asked = _asked(request)
    page = usage_by(
        organization_id, asked.by, asked.since, asked.filters, cursor=request.GET.get("cursor", ""), size=PAGE
    )
    days = usage_over_time(organization_id, asked.since, asked.filters, asked.unit)
    query = request.GET.copy()
    query.pop("cursor", None)
    return show(
        request,
        MyUsagePage(
            asked=asked,
            together=_sum_of(days),
            moments=moments_of(asked, days),
            rows=_told(membership, page.rows) if asked.by == CallUsage.Of.TOOL else page.rows,
            by=[Tab(label, link_with(query, "by", by), by == asked.by) for by, label in OWN_BY.items()],
            times=[Tab(label, link_with(query, "days", days), int(days) == asked.days) for days, label in DAYS.items()],
            limits=limits_of_person(membership, usable_tools(membership)),
            until=counted_until(organization_id),
            older=link_with(request.GET, "cursor", page.after) if page.after else "",
        ),
    )


def _sum_of(found: list[Usage]) -> Usage:
    names = ("succeeded", "of_caller", "of_harriet", "of_upstream", "refused", "held")
    return Usage("", **{name: sum(getattr(usage, name) for usage in found) for name in names})


def _asked(request: OrganizationRequest) -> Asked:
    """What can't be read is as if it had not been said; whose usage it is, nobody chooses."""
    by, days = request.GET.get("by", ""), request.GET.get("days", "")
    return asked_for(
        {
            "by": by if by in OWN_BY else CallUsage.Of.TOOL.value,
            "days": days if days in DAYS else "30",
            "person": request.user.pk,
        }
    )


def _told(membership: Membership, rows: list[Usage]) -> list[Usage]:
    """Of what they were only ever refused they hear the name if they may use it, as on the page of their calls."""
    refused = [usage.key for usage in rows if usage.calls == usage.refused and not usage.held]
    known = {str(pk) for pk in usable_tools(membership).filter(pk__in=refused).values_list("pk", flat=True)}
    hidden = set(refused) - known - {str(UUID(int=0))}
    return [replace(usage, label=_NOT_THEIRS, connector="") if usage.key in hidden else usage for usage in rows]


_NOT_THEIRS = "One that is not among your tools"
