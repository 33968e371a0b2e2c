"""The audit page: what happened, one sentence a row; each event with all that is known and its proof."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from audit.actions.ask_for_verification import ask_for_verification
from audit.events import AuditExported
from audit.models import Event
from audit.queries import EventFilters, EventPage, event_of, event_page, request_of
from audit.record import record
from audit.verification.checkpoints import last_verification
from audit.verification.proof import Proof, proof_of
from audit.vocabulary.declaration import kind_of
from harriet.console.audit.forms import LogFilterForm, page_form
from harriet.console.audit.rows import Badge, EventRow, badge_of, grouped, known_of
from harriet.pages.context import PageContext, show
from harriet.pages.links import query_without
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power

MOST_OF_REQUEST = 50


@dataclass(frozen=True, slots=True)
class LogPage(PageContext):
    template = "audit/list.html"
    active = "audit"
    form: LogFilterForm
    page: EventPage
    is_filtered: bool
    badge: Badge
    query: str
    """The filters in the address, for the export."""

    @property
    def groups(self) -> list[list[EventRow]]:
        return grouped(self.page.events)


@require_GET
@needs(Power.VIEW_AUDIT)
def log_page(request: OrganizationRequest) -> HttpResponse:
    organization = request.organization
    form = page_form(organization, request.GET)
    filters = form.filters()
    return show(
        request,
        LogPage(
            form=form,
            page=event_page(organization.pk, filters, request.GET.get("cursor", "")),
            is_filtered=bool(filters.lookups()),
            badge=badge_of(last_verification(organization.pk)),
            query=query_without(request.GET, "cursor"),
        ),
    )


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


@require_GET
@needs(Power.VIEW_AUDIT)
def export_log(request: OrganizationRequest) -> StreamingHttpResponse:
    """One event a line, as it was recorded, with its MAC: what an independent check needs."""
    filters = page_form(request.organization, request.GET).filters()
    with transaction.atomic():
        reason = f"only {query_without(request.GET, 'cursor')}" if filters.lookups() else ""
        record(AuditExported(reason=reason), organization_id=request.organization.pk, actor=request.actor)
    response = StreamingHttpResponse(_lines(request.organization.pk, filters), content_type="application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="audit-{request.organization.slug}.jsonl"'
    return response


async def _lines(organization_id: UUID, filters: EventFilters) -> AsyncIterator[bytes]:
    """Page by page, so that an export of any size holds one page in memory and no transaction open."""
    cursor = ""
    while True:
        page = await sync_to_async(event_page)(organization_id, filters, cursor, 1000)
        yield b"".join(_line(event) for event in page.events)
        if not page.older:
            return
        cursor = page.older


def _line(event: Event) -> bytes:
    told: dict[str, Any] = {
        "sentence": event.sentence,
        "recorded_at": event.recorded_at,
        "body": event.body,
        "mac": bytes(event.mac).hex(),
    }
    if event.wrong:
        told["wrong"] = event.wrong
    return orjson.dumps(told) + b"\n"
