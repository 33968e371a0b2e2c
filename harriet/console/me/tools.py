"""My AI, My tools: what I may use, and asking for what I may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from approvals.actions.request_access import request_access
from connectors.access.usable import connectors_beyond
from connectors.models import Connector, Risk
from harriet.console.me.forms import RequestForm
from harriet.console.me.my_tools import MyTools, ToolFilters, my_tools
from harriet.console.me.page import MyPage
from harriet.pages.context import show
from harriet.pages.forms import attempt, status_of
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, in_organization

MOST_CONNECTORS = 25
"""That may be asked for, on one page; the search finds the others."""


@dataclass(frozen=True, slots=True)
class MyToolsPage(MyPage):
    template = "me/tools.html"
    tab = "tools"
    found: MyTools
    filters: ToolFilters
    risks: Sequence[tuple[str, str]]

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters.text or self.filters.risk or self.filters.asks)


@in_organization
def my_tools_page(request: OrganizationRequest) -> HttpResponse:
    filters = ToolFilters(
        text=request.GET.get("q", "").strip()[:100],
        risk=_one_of(Risk.values, request.GET.get("risk", "")),
        asks=_one_of(("yes", "no"), request.GET.get("asks", "")),
        cursor=request.GET.get("cursor", ""),
    )
    page = MyToolsPage(found=my_tools(request.membership, filters), filters=filters, risks=Risk.choices)
    return show(request, page)


def _one_of(known: Sequence[str], said: str) -> str:
    return said if said in known else ""


@dataclass(frozen=True, slots=True)
class RequestPage(MyPage):
    """Connectors by name and description: which tools they have is for those who may use them."""

    template = "me/request.html"
    tab = "tools"
    form: RequestForm
    chosen: Connector | None
    connectors: list[Connector]
    text: str

    @property
    def is_cut(self) -> bool:
        return len(self.connectors) == MOST_CONNECTORS


@in_organization
def request_page(request: OrganizationRequest) -> HttpResponse:
    chosen = _chosen(request)
    form = RequestForm(request.POST or None)
    asked = attempt(form, lambda given: request_access(request.membership, chosen, given["need"], actor=request.actor))
    if asked is None:
        return show(request, _page(request, form, chosen), status=status_of(form))
    messages.success(request, f"You asked: ticket #{asked.ticket.number}. The answer comes into your inbox.")
    return redirect("me:waiting")


def _page(request: OrganizationRequest, form: RequestForm, chosen: Connector | None) -> RequestPage:
    text = request.GET.get("q", "").strip()[:100]
    connectors = connectors_beyond(request.membership)
    if text:
        connectors = connectors.filter(name__icontains=text)
    return RequestPage(form=form, chosen=chosen, connectors=list(connectors[:MOST_CONNECTORS]), text=text)


def _chosen(request: OrganizationRequest) -> Connector | None:
    """The connector that the address names, of those that may be asked for."""
    said = request.GET.get("connector", "")
    if not said:
        return None
    try:
        found = connectors_beyond(request.membership).filter(pk=UUID(said)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound("You can use this connector already, or there is none here to ask for.")
    return found
