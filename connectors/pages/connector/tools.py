"""A connector's first tab: what it offers, as a table that is filtered, paged and changed in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect

from connectors.models import Connector, Risk, Tool
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.forms import BulkForm
from connectors.pages.tool_table import KINDS, Chip, ToolTableRow, chips, filtered_tools, table_row
from connectors.queries import connector_of
from harriet.pages.context import show
from harriet.pages.links import query_without
from harriet.pages.pagination import page_of
from harriet.people.models import Group
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import groups_of
from harriet.people.roles import Power


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


@needs(Power.VIEW_SETTINGS)
def tools_tab(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    if connector.state == Connector.State.DRAFT:
        return redirect("connectors:setup", pk)
    page = page_of(filtered_tools(connector, request.GET), request)
    return show(
        request,
        ToolsTab(
            request,
            connector,
            page=page,
            rows=[table_row(tool) for tool in page],
            shown=chips(connector, request.GET),
            kinds=KINDS.items(),
            risks=Risk.choices,
            groups=groups_of(request.organization),
            filters=request.GET,
            query=query_without(request.GET, "page"),
            found=page.paginator.count,
            bulk=BulkForm(request.organization, []),
        ),
    )
