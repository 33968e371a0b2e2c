"""The list of tickets: what waits for whom, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from django.db.models import Case, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from approvals.models import AccessRequest, Report, Ticket
from approvals.pages.alike import Alike, alike_among
from approvals.pages.previews import Preview, previews_of
from approvals.pages.seen import is_as_seen, nothing_new
from approvals.pages.tickets_filters import TicketFilterForm, with_fitting_chip
from approvals.queries import reports_to_answer, requests_to_answer, tickets_for, waiting_for
from connectors.models import Risk
from harriet.pages.context import PageContext, show
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.models import Membership
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.pages.tables import listed_for
from harriet.people.search_words import Noun, has_words

MOST_REQUESTS = 50
"""For access, above the calls: the oldest first."""
MOST_WATCHED = 300
"""Open tickets whose changes an open list shows at once."""
_WAITING = ("open", "waiting")
_WAITING_FOR_ME = 1
"""Where it stands among the filters."""
RISKIEST_FIRST = Case(
    When(action__risk=Risk.DANGEROUS, then=0),
    When(action__risk=Risk.UNKNOWN, then=1),
    When(action__risk=Risk.MODERATE, then=2),
    default=3,
)
TICKETS = Table(
    key="tickets",
    columns=(
        Column("ticket", "Ticket", sort="number"),
        Column("call", "Call", sort="title"),
        Column("connector", "Connector", sort="action__connector__name", is_optional=True, is_shown_at_first=False),
        Column("by", "Asked for by", sort="requester_label", is_optional=True),
        Column("risk", "Risk", sort=RISKIEST_FIRST, is_optional=True),
        Column("state", "State", sort="action__state"),
        Column("opened", "Opened", sort="created_at", is_optional=True, is_shown_at_first=False),
        Column("expires", "Time left", sort="action__expires_at", is_optional=True),
    ),
    order="-ticket",
)


class TicketRow(NamedTuple):
    ticket: Ticket
    preview: Preview | None


@dataclass(frozen=True, slots=True)
class TicketsPage(PageContext):
    template = "tickets/list.html"
    active = "tickets"
    table: Listed[Ticket]
    rows: list[TicketRow]
    alike: list[Alike]
    text: str
    show: str
    """Which tickets: a key of the filters."""
    form: TicketFilterForm
    requests: list[AccessRequest]
    """For access, that wait for this person's answer."""
    reports: list[Report]
    """Of odd behaviour, that wait for this person's answer."""
    seen: str
    """What the list stood at."""

    @property
    def is_filtered(self) -> bool:
        return bool(self.form.chosen)


@require_safe
@in_organization
def ticket_list(request: OrganizationRequest) -> HttpResponse:
    seen = _standing(request)
    if is_as_seen(request, seen):
        return nothing_new()
    text, form = request.GET.get("q", "").strip(), TicketFilterForm(request.GET)
    waiting = waiting_for(request.membership)
    chips = Chips(_filters(request.membership, waiting), with_fitting_chip(request.GET, form))
    found = tickets_for(request.membership).filter(form.which())
    if text:
        found = found.filter(has_words(Noun.TICKET, text) | Q(requester_label__icontains=text) | _numbered(text))
    counted, is_narrowed = chips.shown(found), bool(text or form.chosen)
    can_tick = bool(counted[_WAITING_FOR_ME].count) or (is_narrowed and waiting.exists())
    table = listed_for(request, TICKETS, chips.narrowed(found), chips=counted, can_tick=can_tick)
    is_waiting = chips.chosen.key in _WAITING
    page = TicketsPage(
        table=table,
        rows=_rows(table.rows),
        alike=alike_among(waiting) if can_tick and is_waiting and not is_narrowed else [],
        text=text,
        show=chips.chosen.key,
        form=form,
        requests=list(requests_to_answer(request.membership)[:MOST_REQUESTS]) if is_waiting else [],
        reports=list(reports_to_answer(request.membership)[:MOST_REQUESTS]) if is_waiting else [],
        seen=seen,
    )
    return show(request, page)


def _rows(tickets: list[Ticket]) -> list[TicketRow]:
    previews = previews_of([ticket.action for ticket in tickets])
    return [TicketRow(one, previews.get(one.action.pk)) for one in tickets]


def _standing(request: OrganizationRequest) -> str:
    """Changes with every new ticket and every decision: one query, cheap enough to be asked every few seconds."""
    tickets = tickets_for(request.membership).order_by("-number").annotate(text=Cast("number", TextField()))
    watched = tickets.filter(is_open=True).values_list("text", Cast("action__state", TextField()))[:MOST_WATCHED]
    newest = tickets.values_list("text", Value("newest", TextField()))[:1]
    asked = (_asked(rows) for rows in (requests_to_answer(request.membership), reports_to_answer(request.membership)))
    return sha256(repr(sorted(watched.union(newest, *asked, all=True))).encode()).hexdigest()[:16]


def _asked(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    return rows.values_list(Cast("pk", TextField()), Value("asked", TextField()))[:MOST_REQUESTS]


def _numbered(text: str) -> Q:
    number = text.removeprefix("#")
    return Q(number=int(number)) if number.isascii() and number.isdecimal() and len(number) < 9 else Q(pk=None)


def _filters(membership: Membership, waiting: QuerySet[Ticket]) -> tuple[Filter, ...]:
    return (
        Filter("open", "Open", Q(is_open=True)),
        Filter("waiting", "Waiting for me", Q(pk__in=waiting.order_by().values("pk"))),
        Filter("mine", "Asked for by me", Q(action__user=membership.user_id)),
        Filter("all", "All", Q()),
    )
