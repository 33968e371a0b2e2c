"""The console's own pages: Overview, search, account."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from connectors.models import Connector
from harriet.console.attention import FirstStep, Matters, matters_of, steps_for
from harriet.console.queries import (
    BusyTool,
    Day,
    Totals,
    busiest_tools,
    calls_per_day,
    set_up_and_totals_of,
    unused_connectors,
)
from harriet.console.shell import shell_of
from harriet.pages.chart import NARROW, WIDE, Chart, Stack, chart_of
from harriet.pages.context import PageContext, show
from harriet.pages.counts import NONE, AtMost, Several, several
from harriet.people.pages.guards import OrganizationRequest, in_organization, needs
from harriet.people.permissions import has_power
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class OverviewPage(PageContext):
    template = "console/overview.html"
    active = "overview"
    steps: list[FirstStep]
    matters: list[Matters]
    totals: Totals
    days: list[Day]
    """None for who may not read the log: a count of calls is a count of what stands there."""
    busiest: list[BusyTool]
    unused: Several[Connector]
    can_read_log: bool

    @property
    def waiting(self) -> AtMost:
        return sum((sort.total for sort in self.matters), NONE)

    @property
    def steps_done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def next_step(self) -> FirstStep | None:
        return next((step for step in self.steps if not step.is_done), None)

    @property
    def today(self) -> Day | None:
        return self.days[-1] if self.days else None

    @property
    def charts(self) -> dict[str, Chart[Day]]:
        return _charts(self.days)


@require_safe
@needs(Power.VIEW_SETTINGS)
def overview_page(request: OrganizationRequest) -> HttpResponse:
    organization, member = request.organization, request.membership
    can_read_log = has_power(member, Power.VIEW_AUDIT)
    done, totals = set_up_and_totals_of(organization, request.user)
    return show(
        request,
        OverviewPage(
            steps=steps_for(member, done),
            matters=matters_of(member, shell_of(request).waiting.tickets),
            totals=totals,
            days=calls_per_day(organization) if can_read_log else [],
            busiest=busiest_tools(organization) if can_read_log else [],
            unused=several(unused_connectors(organization)),
            can_read_log=can_read_log,
        ),
    )


def _charts(days: list[Day]) -> dict[str, Chart[Day]]:
    """Two weeks on wide screens, one on phones; nothing when nothing was called."""
    if not any(day.total for day in days):
        return {}
    stacks = [_stack(day) for day in days]
    return {"wide": chart_of(stacks, WIDE), "narrow": chart_of(stacks[-7:], NARROW)}


def _stack(day: Day) -> Stack[Day]:
    return Stack(
        day, (("ok", day.succeeded), ("attention", day.held), ("neutral", day.refused), ("danger", day.failed))
    )


@dataclass(frozen=True, slots=True)
class Frame(PageContext):
    template = "console/frame.html"


@require_safe
@in_organization
def frame(request: OrganizationRequest) -> HttpResponse:
    """What the frame around every open page counts by now; the page asks for it every half minute."""
    return show(request, Frame())
