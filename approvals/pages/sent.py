"""All that a held call sends, for what a card has no room for: page by page, or as a file with the exact bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from approvals.models import Ticket
from approvals.pages.argument_rows import hidden_in
from approvals.pages.tickets import held_call_or_404
from approvals.sealed_parts import sent_of
from harriet.lib.text import show_hidden
from harriet.pages.context import PageContext, show
from harriet.people.pages.guards import OrganizationRequest, in_organization

PAGE = 30_000
"""Characters."""
PARTS = {"arguments": "Arguments", "meta": "Sent along with the arguments"}


@dataclass(frozen=True, slots=True)
class SentPage(PageContext):
    template = "tickets/sent.html"
    active = "tickets"
    ticket: Ticket
    part: str
    name: str
    text: str
    """One page of it, as JSON set out for reading."""
    size: int
    """Bytes that are sent."""
    hidden: int
    number: int
    of: int

    @property
    def newer(self) -> str:
        return f"?page={self.number - 1}" if self.number > 1 else ""

    @property
    def older(self) -> str:
        return f"?page={self.number + 1}" if self.number < self.of else ""


@require_safe
@in_organization
def sent_page(request: OrganizationRequest, number: int, part: str) -> HttpResponse:
    ticket = held_call_or_404(request, number)
    raw = _raw(ticket, part)
    value = json.loads(raw)
    text = show_hidden(json.dumps(value, ensure_ascii=False, indent=2))
    pages = max((len(text) + PAGE - 1) // PAGE, 1)
    asked = request.GET.get("page", "")
    at = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1
    page = SentPage(
        ticket=ticket,
        part=part,
        name=PARTS[part],
        text=text[(at - 1) * PAGE : at * PAGE],
        size=len(raw),
        hidden=hidden_in(value),
        number=at,
        of=pages,
    )
    return show(request, page)


@require_safe
@in_organization
def sent_file(request: OrganizationRequest, number: int, part: str) -> HttpResponse:
    """The exact bytes. A file, never a page: what is in it comes from elsewhere."""
    raw = _raw(held_call_or_404(request, number), part)
    answer = HttpResponse(raw, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="ticket-{number}-{part}.json"'
    return answer


def _raw(ticket: Ticket, part: str) -> bytes:
    if part not in PARTS:
        raise Http404("A call has no such part.")
    raw: bytes = getattr(sent_of(ticket.action), part)
    if not raw:
        raise Http404("This call sends nothing along with its arguments.")
    return raw
