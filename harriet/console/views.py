"""The console's own pages: Overview, search, inbox, account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from harriet.console import attention, queries
from harriet.console.queries import Day
from harriet.pages.chart import NARROW, WIDE, Chart, Stack, chart_of
from harriet.people.actions.read_notices import read_notices
from harriet.people.models import Notice
from harriet.people.pages.guards import OrganizationRequest, in_organization, needs
from harriet.people.permissions import has_power, is_operator
from harriet.people.roles import Power


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """The first page after signing in: what the role comes for; for who is in no organization, the installation's."""
    if is_operator(request.user) and not getattr(request, "memberships", []):
        return redirect("admin:installation")
    return _home_of_role(request)


@in_organization
def _home_of_role(request: OrganizationRequest) -> HttpResponse:
    if has_power(request.membership, Power.VIEW_SETTINGS):
        return redirect("console:overview")
    return redirect("me:home")


@require_safe
@needs(Power.VIEW_SETTINGS)
def overview(request: OrganizationRequest) -> HttpResponse:
    organization = request.organization
    days = queries.calls_per_day(organization)
    steps = attention.steps_for(organization, request.user)
    context = {
        "active": "overview",
        "steps": steps,
        "steps_done": sum(step.is_done for step in steps),
        "next_step": next((step for step in steps if not step.is_done), None),
        "matters": attention.matters_of(organization),
        "totals": queries.totals_of(organization),
        "today": days[-1],
        "days": days,
        "charts": _charts(days),
        "busiest": queries.busiest_tools(organization),
        "unused": queries.unused_connectors(organization),
    }
    return render(request, "console/overview.html", context)


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


@require_safe
@needs(Power.VIEW_SETTINGS)
def search(request: OrganizationRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    found = queries.find(request.organization, text) if text else None
    return render(request, "console/search.html", {"text": text, "found": found})


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def inbox(request: OrganizationRequest) -> HttpResponse:
    if request.method == "POST":
        count = read_notices(request.user, request.organization)
        messages.success(request, "Nothing was unread." if not count else "All is marked as read.")
        return redirect("console:inbox")
    notices = Notice.objects.filter(user=request.user, organization=request.organization).order_by("-created_at")
    return render(request, "console/inbox.html", {"notices": notices[:100]})


@require_safe
def account(request: HttpRequest) -> HttpResponseBase:
    return render(request, "console/account.html")
