"""A connector's first tab: what it offers, as a table that is filtered, paged and changed in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from connectors.models import BulkChange, Connector, Risk, Tool
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.forms import BulkForm
from connectors.pages.tool_table import KINDS, TOOLS, FilterForm, ToolTableRow, chips_of, filtered_tools, table_row
from connectors.queries import bulk_change_of, connector_of
from harriet.pages.context import show
from harriet.pages.counts import NONE, AtMost
from harriet.pages.links import query_without
from harriet.pages.tables.listed import Listed, listed
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import choice_of
from harriet.people.permissions import has_power
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
    table: Listed[Tool]
    rows: list[ToolTableRow]
    kinds: Iterable[tuple[str, str]]
    risks: Iterable[tuple[str, str]]
    filters: QueryDict
    filter_form: FilterForm
    query: str
    """The filters in the address, for the bulk form to come back to."""
    bulk: BulkForm
    ticks: Ticks

    @property
    def found(self) -> AtMost:
        """How many match; "1,000+" beyond the bound."""
        return next((chip.count for chip in self.table.chips if chip.is_current), NONE)


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
    tab = ToolsTab(
        request,
        connector,
        table=(table := _table(request, connector, filters)),
        rows=[table_row(tool, is_ticked=str(tool.pk) in ticks.tools) for tool in table.rows],
        kinds=KINDS,
        risks=Risk.choices,
        filters=filters,
        filter_form=FilterForm(request.organization, filters),
        query=query_without(filters, TOOLS.cursor_name),
        bulk=bulk,
        ticks=ticks,
    )
    return show(request, tab, status=status)


def _table(request: OrganizationRequest, connector: Connector, filters: QueryDict) -> Listed[Tool]:
    """Its filters come from the address, or from what was sent with ticked rows."""
    return listed(
        TOOLS,
        filtered_tools(connector, filters),
        filters,
        choice=choice_of(request.membership, TOOLS),
        save_url=reverse("people:table", args=[TOOLS.key]),
        can_tick=has_power(request.membership, Power.MANAGE_CONNECTORS),
        chips=chips_of(connector, filters),
    )


def _ticks(request: OrganizationRequest, pk: UUID) -> Ticks:
    try:
        change = bulk_change_of(request.organization, pk, UUID(request.GET.get("change", "")))
    except (ValueError, NotFound):
        return Ticks()
    return Ticks(frozenset(change.seen), change.is_of_all, change if change.applied_at else None)
