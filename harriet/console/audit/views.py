"""The audit page: what happened, one sentence a row; each event with all that is known and its proof."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from audit.actions.ask_for_verification import ask_for_verification
from audit.events import AuditExported
from audit.models import Event
from audit.queries import EventPage, cursor_at, event_of, event_page, newer_than, request_of
from audit.record import record
from audit.verification.checkpoints import last_verification
from audit.verification.proof import Proof, proof_of
from audit.vocabulary.declaration import kind_of
from harriet.console.audit.export import csv_head, csv_lines, json_lines, pages_of
from harriet.console.audit.forms import FILTERS, LogFilterForm
from harriet.console.audit.rows import Badge, LogRow, badge_of, known_of, log_rows
from harriet.pages.context import PageContext, show
from harriet.pages.links import query_without
from harriet.people.actions.keep_filter import forget_filter, keep_filter
from harriet.people.errors import NotFound, PeopleError
from harriet.people.models import SavedFilter
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import filters_of
from harriet.people.roles import Power

MOST_OF_REQUEST = 50
PAGE, UNFOLDED = 20, 15
"""Rows: calls, syncs and events of their own; and where all steps of each stand open."""
MOST_NEWS = 100
TABLE = "audit"
"""Under which filters are saved."""


@dataclass(frozen=True, slots=True)
class LogPage(PageContext):
    template = "audit/list.html"
    active = "audit"
    form: LogFilterForm
    page: EventPage
    rows: list[LogRow]
    is_filtered: bool
    is_unfolded: bool
    badge: Badge
    query: str
    """The filters in the address, for the export."""
    saved: list[SavedFilter]
    news: int
    """Rows that have come since the page was loaded."""
    news_url: str
    """Where the open page asks for that; empty on older pages."""

    @property
    def news_words(self) -> str:
        many = f"{MOST_NEWS}+" if self.news >= MOST_NEWS else str(self.news)
        return "1 new event" if self.news == 1 else f"{many} new events"


@require_GET
@needs(Power.VIEW_AUDIT)
def log_page(request: OrganizationRequest) -> HttpResponse:
    organization = request.organization
    form = LogFilterForm(organization, request.GET)
    filters, cursor = form.filters(), request.GET.get("cursor", "")
    since = request.GET.get("seen", "")
    size = UNFOLDED if "unfold" in request.GET else PAGE
    page = EventPage([], "", "") if since else event_page(organization.pk, filters, cursor, size, is_by_call=True)
    return show(
        request,
        LogPage(
            form=form,
            page=page,
            rows=log_rows(organization.pk, page.events),
            is_filtered=not filters.is_any,
            is_unfolded="unfold" in request.GET,
            badge=badge_of(last_verification(organization.pk)),
            query=_filters_in(request),
            saved=filters_of(request.membership, TABLE),
            news=newer_than(organization.pk, filters, since, MOST_NEWS, is_by_call=True),
            news_url="" if cursor else _news_url(request, page, since),
        ),
    )


def _filters_in(request: OrganizationRequest) -> str:
    """Of the address what filters: a link to the same log."""
    kept = request.GET.copy()
    for name in [one for one in kept if one not in FILTERS or not kept[one]]:
        kept.pop(name)
    return kept.urlencode()


def _news_url(request: OrganizationRequest, page: EventPage, since: str) -> str:
    seen = since or cursor_at(page.events[0] if page.events else None)
    query = _filters_in(request)
    return f"{reverse('audit:list')}?{query}{'&' if query else ''}seen={seen}" if seen else ""


@dataclass(frozen=True, slots=True)
class EventDetailPage(PageContext):
    template = "audit/detail.html"
    active = "audit"
    event: Event
    known: list[tuple[str, str]]
    """Names and values."""
    meaning: str
    proof: Proof
    same_request: QuerySet[Event]

    @property
    def link(self) -> str:
        return bytes(self.proof.seal.link).hex() if self.proof.seal else ""

    @property
    def mac(self) -> str:
        return bytes(self.event.mac).hex()


@require_GET
@needs(Power.VIEW_AUDIT)
def event_detail_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    event = _event(request, pk)
    kind = kind_of(event.code)
    return show(
        request,
        EventDetailPage(
            event=event,
            known=known_of(event),
            meaning=kind.description if kind and not event.wrong else "",
            proof=proof_of(event),
            same_request=request_of(event)[:MOST_OF_REQUEST],
        ),
    )


def _event(request: OrganizationRequest, pk: UUID) -> Event:
    event = event_of(request.organization.pk, pk)
    if event is None:
        raise NotFound("There is no such event in this organization's log.")
    return event


@require_POST
@needs(Power.VIEW_AUDIT)
def verify_now(request: OrganizationRequest) -> HttpResponse:
    ask_for_verification(request.organization.pk, actor=request.actor)
    messages.success(request, "Verification has started. What it finds will stand here in a moment.")
    return redirect("audit:list")


@require_POST
@needs(Power.VIEW_AUDIT)
def save_filter(request: OrganizationRequest) -> HttpResponse:
    """The filters of the page, under a name of the person's own."""
    query = request.POST.get("query", "")
    try:
        kept = keep_filter(request.membership, TABLE, request.POST.get("name", ""), query)
        messages.success(request, f"Saved as “{kept.name}”. Only you see it; its address can be sent to anybody.")
    except PeopleError as problem:
        messages.error(request, problem.message)
    return redirect(f"{reverse('audit:list')}?{query}")


@require_POST
@needs(Power.VIEW_AUDIT)
def forget_saved_filter(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    forget_filter(request.membership, pk)
    messages.success(request, "The saved filter is gone.")
    return redirect("audit:list")


@require_GET
@needs(Power.VIEW_AUDIT)
def export_log(request: OrganizationRequest) -> HttpResponseBase:
    return _export(request, "jsonl", "application/x-ndjson")


@require_GET
@needs(Power.VIEW_AUDIT)
def export_csv(request: OrganizationRequest) -> HttpResponseBase:
    return _export(request, "csv", "text/csv; charset=utf-8")


def _export(request: OrganizationRequest, suffix: str, content_type: str) -> HttpResponseBase:
    form = LogFilterForm(request.organization, request.GET)
    filters = form.filters()
    if form.errors:  # a file that holds more than was asked for would deceive
        messages.error(request, "Nothing was exported: one of the filters can't be read.")
        return redirect(f"{reverse('audit:list')}?{query_without(request.GET, 'cursor')}")
    with transaction.atomic():
        reason = "" if filters.is_any else f"only {form.in_words()}"
        record(AuditExported(reason=reason), organization_id=request.organization.pk, actor=request.actor)
    lines, head = (csv_lines, csv_head()) if suffix == "csv" else (json_lines, b"")
    content: AsyncIterator[bytes] = pages_of(request.organization.pk, filters, lines, head)
    response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="audit-{request.organization.slug}.{suffix}"'
    return response
