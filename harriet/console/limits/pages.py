"""The pages of limits: what there is, what was reached today, and a form for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connectors.actions.add_limit import add_limit, checked_numbers
from connectors.actions.change_limit import change_limit
from connectors.actions.remove_limit import remove_limit
from connectors.actions.set_breakers import set_breakers
from connectors.limit_words import limit_words
from connectors.limits_kept import Reached, breakers_of, limit_of, limits_of, reached_today
from connectors.models import Breakers, CallLimit
from harriet.console.limits.forms import BreakersForm, LimitForm, NewLimitForm
from harriet.console.limits.used import logged_id
from harriet.console.limits.would_have import Drafted, would_have
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.roles import Power

MOST_REACHED = 50
LOOK = "look"
"""What the button says that changes nothing."""
LIMITS = Table(
    key="limits",
    columns=(
        Column("kind", "For", sort="kind"),
        Column("counts", "What counts", sort="counts", is_optional=True),
        Column("minute", "A minute", sort="per_minute", is_numeric=True),
        Column("day", "A day", sort="per_day", is_numeric=True),
        Column("beyond", "Beyond it", is_optional=True),
        Column("today", "Beyond it today", sort="beyond_today", is_numeric=True),
        Column("since", "Since", sort="created_at", is_optional=True, is_shown_at_first=False),
    ),
    order="kind",
)


@dataclass(frozen=True, slots=True)
class LimitsPage(PageContext):
    template = "limits/list.html"
    active = "limits"
    table: Listed[CallLimit]
    reached: list[Reached]
    breakers: Breakers
    is_empty: bool
    can_manage: bool


@require_safe
@needs(Power.VIEW_SETTINGS)
def limits_page(request: OrganizationRequest) -> HttpResponse:
    table = listed_for(request, LIMITS, limits_of(request.organization))
    page = LimitsPage(
        table=table,
        reached=reached_today(request.organization, MOST_REACHED),
        breakers=breakers_of(request.organization.pk),
        is_empty=not table.rows,
        can_manage=has_power(request.membership, Power.MANAGE_CONNECTORS),
    )
    return show(request, page)


@dataclass(frozen=True, slots=True)
class ChooseKindPage(PageContext):
    template = "limits/choose.html"
    active = "limits"
    kinds: list[tuple[str, str]]


@require_safe
@needs(Power.MANAGE_CONNECTORS)
def choose_kind_page(request: OrganizationRequest) -> HttpResponse:
    return show(request, ChooseKindPage(kinds=[(kind.value, str(kind.label)) for kind in CallLimit.Kind]))


@dataclass(frozen=True, slots=True)
class NewLimitPage(PageContext):
    template = "limits/new.html"
    active = "limits"
    form: NewLimitForm
    kind: str
    would: list[str]
    """What it would have done, for whoever looked."""


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_CONNECTORS)
def new_limit_page(request: OrganizationRequest, kind: str) -> HttpResponse:
    if kind not in CallLimit.Kind.values:
        raise Http404
    form = NewLimitForm(request.organization, kind, request.POST or None)
    would: list[str] | None = None
    if request.POST.get("do") == LOOK:
        would = attempt(form, lambda given: _tried(request, kind, given))
    elif not form.is_searching and attempt(form, lambda given: _added(request, kind, given)) is not None:
        messages.success(request, "The limit holds from now on.")
        return redirect("limits:list")
    page = NewLimitPage(form=form, kind=CallLimit.Kind(kind).label, would=would or [])
    return show(request, page, status=status_of(form))


def _tried(request: OrganizationRequest, kind: str, given: dict[str, Any]) -> list[str]:
    numbers = checked_numbers(given["per_minute"], given["per_day"])
    subject_id = logged_id(given["subject"])
    return would_have(Drafted(request.organization, kind, subject_id, given["counts"], **numbers))


def _added(request: OrganizationRequest, kind: str, given: dict[str, Any]) -> CallLimit:
    subject = given.pop("subject")
    return add_limit(request.organization, kind, subject, **given, actor=request.actor)


@dataclass(frozen=True, slots=True)
class LimitPage(PageContext):
    template = "limits/change.html"
    active = "limits"
    limit: CallLimit
    words: str
    form: LimitForm
    would: list[str]
    """What it would have done, as it is, or as somebody thinks of it."""


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_CONNECTORS)
def limit_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    limit = limit_of(request.organization, pk)
    words = limit_words(limit)
    form = LimitForm(limit, request.POST or None)
    if request.POST.get("do") == LOOK:
        would = attempt(form, lambda given: _tried_on(limit, given["per_minute"], given["per_day"]))
    else:
        would = _tried_on(limit, limit.per_minute, limit.per_day)
        changed = attempt(form, lambda given: (change_limit(limit, **given, actor=request.actor),))
        if changed is not None:
            messages.success(request, "The limit was changed." if changed[0] else "The limit was so already.")
            return redirect("limits:list")
    page = LimitPage(limit=limit, words=words, form=form, would=would or [])
    return show(request, page, status=status_of(form))


def _tried_on(limit: CallLimit, per_minute: int | None, per_day: int | None) -> list[str]:
    numbers = checked_numbers(per_minute, per_day)
    return would_have(Drafted(limit.organization, limit.kind, logged_id(limit.subject), limit.counts, **numbers))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def remove_this_limit(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    remove_limit(limit_of(request.organization, pk), actor=request.actor)
    messages.success(request, "The limit was removed.")
    return redirect("limits:list")


@dataclass(frozen=True, slots=True)
class BreakersPage(PageContext):
    template = "limits/breakers.html"
    active = "limits"
    form: BreakersForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_CONNECTORS)
def breakers_page(request: OrganizationRequest) -> HttpResponse:
    form = BreakersForm(request.organization, breakers_of(request.organization.pk), request.POST or None)
    saved = (
        None
        if form.is_searching
        else attempt(form, lambda given: (set_breakers(request.organization, **given, actor=request.actor),))
    )
    if saved is None:
        return show(request, BreakersPage(form=form), status=status_of(form))
    messages.success(request, "This was saved." if saved[0] else "It was so already.")
    return redirect("limits:list")
