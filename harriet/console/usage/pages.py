"""The usage page: who calls what, how it ends and why, and how long it takes; from kept counts, not from the events."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from audit.usage import Usage, UsagePage, counted_until, usage_by, usage_over_time, usage_together
from harriet.console.audit.export import csv_cell
from harriet.console.usage.charts import Moment, charts_of, moments_of
from harriet.console.usage.forms import BY, DAYS, Asked, UsageForm
from harriet.pages.chart import Chart
from harriet.pages.context import PageContext, show
from harriet.pages.links import link_with
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power

PAGE = 25
MOST_EXPORTED = 10_000
"""Rows of one file: those that were busiest."""
_COLUMNS = (
    *("which", "connector", "calls", "succeeded", "failed because of the caller", "failed in Harriet"),
    *("failed at the server", "refused", "held for approval", "mean ms in Harriet", "95 % within ms in Harriet"),
    *("mean ms at the server", "95 % within ms at the server"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class UsageOverview(PageContext):
    template = "usage/usage.html"
    active = "usage"
    form: UsageForm
    asked: Asked
    together: Usage
    moments: list[Moment]
    page: UsagePage
    tabs: list[Tab]
    times: list[Tab]
    until: datetime | None
    """Up to when calls are counted; None for up to now."""
    older: str
    export: str

    @property
    def charts(self) -> dict[str, Chart[Moment]]:
        return charts_of(self.moments)

    @property
    def heading(self) -> str:
        return BY[self.asked.by]


@require_GET
@needs(Power.VIEW_AUDIT)
def usage_page(request: OrganizationRequest) -> HttpResponse:
    organization_id = request.organization.pk
    form = UsageForm(request.organization, request.GET)
    asked = form.asked()
    cursor = request.GET.get("cursor", "")
    page = usage_by(organization_id, asked.by, asked.since, asked.filters, cursor=cursor, size=PAGE)
    moments = moments_of(asked, usage_over_time(organization_id, asked.since, asked.filters, asked.unit))
    query = request.GET.copy()
    query.pop("cursor", None)
    overview = UsageOverview(
        form=form,
        asked=asked,
        together=usage_together(organization_id, asked.since, asked.filters),
        moments=moments,
        page=page,
        tabs=[Tab(label, link_with(query, "by", by), by == asked.by) for by, label in BY.items()],
        times=[Tab(label, link_with(query, "days", days), int(days) == asked.days) for days, label in DAYS.items()],
        until=counted_until(organization_id),
        older=link_with(request.GET, "cursor", page.after) if page.after else "",
        export=query.urlencode(),
    )
    return show(request, overview)


@require_GET
@needs(Power.VIEW_AUDIT)
def usage_csv(request: OrganizationRequest) -> HttpResponse:
    """The same list as a file."""
    asked = UsageForm(request.organization, request.GET).asked()
    page = usage_by(request.organization.pk, asked.by, asked.since, asked.filters, size=MOST_EXPORTED)
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(_COLUMNS)
    writer.writerows(_row(usage) for usage in page.rows)
    name = f"usage-{asked.by}-{asked.days}-days.csv"
    answer = HttpResponse(b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace"), content_type="text/csv")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _row(usage: Usage) -> list[str]:
    harriet, upstream = usage.harriet_time, usage.upstream_time
    numbers = (usage.calls, usage.succeeded, usage.of_caller, usage.of_harriet, usage.of_upstream, usage.refused)
    took = (_told(harriet.mean), _told(harriet.most), _told(upstream.mean), _told(upstream.most))
    return [csv_cell(usage.label or usage.key), csv_cell(usage.connector), *map(str, (*numbers, usage.held)), *took]


def _told(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:.10g}"
