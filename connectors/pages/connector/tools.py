"""A connector's first tab: what it offers, as a table that is filtered, paged and changed in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect

from connectors.models import BulkChange, Connector, Risk, Tool
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.forms import BulkForm
from connectors.pages.tool_table import KINDS, Chip, ToolTableRow, chips, filtered_tools, table_row
from connectors.queries import bulk_change_of, connector_of
from harriet.pages.context import show
from harriet.pages.links import query_without
from harriet.pages.pagination import page_of
from harriet.people.errors import NotFound
from harriet.people.models import Group
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import groups_of
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class Ticks:
    """What is ticked when the table is shown again: after a change, or when something was wrong with it."""

    tools: frozenset[str] = frozenset()
    is_of_all: bool = False
    change: BulkChange | None = None
    """That was just done, or undone."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ToolsTab(ConnectorPage):
    template = "connectors/tools.html"
    tab = "detail"
    page: Page[Tool]
    rows: list[ToolTableRow]
    shown: list[Chip]
    kinds: Iterable[tuple[str, str]]
    risks: Iterable[tuple[str, str]]
    groups: QuerySet[Group]
    filters: QueryDict
    query: str
    """The filters in the address, for the bulk form to come back to."""
    found: int
    bulk: BulkForm
    ticks: Ticks


@needs(Power.VIEW_SETTINGS)
def tools_tab(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    if connector.state == Connector.State.DRAFT:
        return redirect("connectors:setup", pk)
    filters = QueryDict(query_without(request.GET, "change"))
    return show_tools(request, connector, filters, BulkForm(request.organization), _ticks(request, pk))


def show_tools(
    request: OrganizationRequest,
    connector: Connector,
    filters: QueryDict,
    bulk: BulkForm,
    ticks: Ticks,
    *,
    status: int = 200,
) -> HttpResponse:
    page = page_of(filtered_tools(connector, filters), request)
    tab = ToolsTab(
        request,
        connector,
        page=page,
        rows=[table_row(tool, is_ticked=str(tool.pk) in ticks.tools) for tool in page],
        shown=chips(connector, filters),
        kinds=KINDS.items(),
        risks=Risk.choices,
        groups=groups_of(request.organization),
        filters=filters,
        query=query_without(filters, "page"),
        found=page.paginator.count,
        bulk=bulk,
        ticks=ticks,
    )
    return show(request, tab, status=status)


def _ticks(request: OrganizationRequest, pk: UUID) -> Ticks:
    try:
        change = bulk_change_of(request.organization, pk, UUID(request.GET.get("change", "")))
    except (ValueError, NotFound):
        return Ticks()
    return Ticks(frozenset(change.seen), change.is_of_all, change if change.applied_at else None)
