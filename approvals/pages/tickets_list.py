"""The list of tickets: what waits for whom, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Q, When
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from approvals.models import AccessRequest, Ticket
from approvals.queries import requests_to_answer, tickets_for, waiting_for
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
_WAITING = ("open", "waiting")
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
        Column("opened", "Opened", sort="created_at", is_optional=True),
        Column("expires", "Expires", sort="action__expires_at", is_optional=True, is_shown_at_first=False),
    ),
    order="-ticket",
)


@dataclass(frozen=True, slots=True)
class TicketsPage(PageContext):
    template = "tickets/list.html"
    active = "tickets"
    table: Listed[Ticket]
    text: str
    show: str
    """Which tickets: a key of the filters."""
    requests: list[AccessRequest]
    """For access, that wait for this person's answer."""


@require_safe
@in_organization
def ticket_list(request: OrganizationRequest) -> HttpResponse:
    text, chips = request.GET.get("q", "").strip(), Chips(_filters(request.membership), request.GET)
    found = tickets_for(request.membership)
    if text:
        found = found.filter(has_words(Noun.TICKET, text) | Q(requester_label__icontains=text) | _numbered(text))
    can_tick = waiting_for(request.membership).exists()
    table = listed_for(request, TICKETS, chips.narrowed(found), chips=chips.shown(found), can_tick=can_tick)
    requests = list(requests_to_answer(request.membership)[:MOST_REQUESTS]) if chips.chosen.key in _WAITING else []
    return show(request, TicketsPage(table=table, text=text, show=chips.chosen.key, requests=requests))


def _numbered(text: str) -> Q:
    number = text.removeprefix("#")
    return Q(number=int(number)) if number.isascii() and number.isdecimal() and len(number) < 9 else Q(pk=None)


def _filters(membership: Membership) -> tuple[Filter, ...]:
    return (
        Filter("open", "Open", Q(is_open=True)),
        Filter("waiting", "Waiting for me", Q(pk__in=waiting_for(membership).order_by().values("pk"))),
        Filter("mine", "Asked for by me", Q(action__user=membership.user_id)),
        Filter("all", "All", Q()),
    )
