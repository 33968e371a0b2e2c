"""Changes of many tools at once: previewed, asked about where there is risk, done, undone. And the switch of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from connectors.actions.apply_bulk_change import apply_bulk_change
from connectors.actions.preview_bulk_change import preview_bulk_change
from connectors.actions.set_tool import set_tool
from connectors.actions.undo_bulk_change import undo_bulk_change
from connectors.bulk.kept import lots_of
from connectors.bulk.lots import CHANGED, NAMED, Choice, Lot, Lots
from connectors.models import BulkChange, Connector, Tool
from connectors.pages.connector.tools import Ticks, show_tools
from connectors.pages.forms import BulkForm
from connectors.pages.tool_table import filtered_tools
from connectors.queries import bulk_change_of, connector_of, tool_of
from harriet.lib.errors import Problem
from harriet.pages.context import PageContext, show
from harriet.pages.links import query_without
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power

MOST_ASKED = 50
"""Tools on the page that are asked about, of all lots; the rest stays as it is."""
MOST_NAMED = 25
"""Names on the page, of each other lot."""
_TITLES = {
    Lot.DANGEROUS: "Dangerous",
    Lot.ODD: "With a text that speaks to the AI, not about the tool",
    Lot.UNKNOWN: "Of unknown risk",
    Lot.READ_ONLY: "Read-only",
    Lot.MODERATE: "That change things",
    Lot.QUARANTINED: "In quarantine, which stay as they are",
    Lot.REMOVED: "No longer offered, which stay as they are",
    Lot.ALREADY: "Already as wished",
}


class ToolRow(NamedTuple):
    tool: Tool
    remarks: tuple[str, ...]
    is_ticked: bool


class LotRows(NamedTuple):
    """The tools of one lot, the first of them by name."""

    title: str
    number: int
    rows: list[ToolRow]

    @property
    def more(self) -> int:
        return self.number - len(self.rows)


@dataclass(frozen=True, slots=True)
class BulkPage(PageContext):
    template = "connectors/bulk.html"
    active = "integrations"
    connector: Connector
    bulk: BulkChange
    lots: Lots
    choice: Choice
    problem: str
    asked: list[LotRows]
    """Each of these is ticked by name, where something is asked."""
    others: list[LotRows]

    @property
    def title(self) -> str:
        return self.lots.wish.title(_tools(len(self.lots.seen)))

    @property
    def words(self) -> str:
        return f"{_tools(len(self.lots.seen))}: {self.lots.words}."

    @property
    def button(self) -> str:
        return self.lots.wish.title(self.changed)

    @property
    def button_read_only(self) -> str:
        return self.lots.wish.title(f"the {self.read_only} read-only {'one' if self.read_only == 1 else 'ones'} only")

    @property
    def button_ticked(self) -> str:
        return self.lots.wish.title("the read-only and the ticked ones" if self.read_only else "the ticked ones")

    @property
    def everyone(self) -> bool:
        return self.lots.wish.gives_to_everyone

    @property
    def read_only(self) -> int:
        return self.lots.counts[Lot.READ_ONLY]

    @property
    def moderate(self) -> int:
        return self.lots.counts[Lot.MODERATE]

    @property
    def changed(self) -> str:
        """ "71 tools"; empty when nothing would change."""
        count = len(self.lots.of(*CHANGED))
        return _tools(count) if count else ""

    @property
    def asks(self) -> bool:
        return self.lots.asks

    @property
    def back(self) -> str:
        return _table(self.bulk)


def _tools(count: int) -> str:
    return f"{count} {'tool' if count == 1 else 'tools'}"


def _switch(request: OrganizationRequest, pk: UUID, tool_pk: UUID) -> HttpResponse:
    found = tool_of(request.organization, tool_pk)
    if found.connector_id != pk:
        raise NotFound("There is no such tool here.")
    set_tool(found, is_enabled=not found.is_enabled, actor=request.actor)
    messages.success(request, f"{found} is {'enabled' if found.is_enabled else 'disabled'}.")
    query = query_without(QueryDict(request.POST.get("query", "")), "change")
    return redirect(f"{reverse('connectors:detail', args=[pk])}{'?' if query else ''}{query}")


@needs(Power.MANAGE_CONNECTORS)
def set_many_tools(request: OrganizationRequest, pk: UUID) -> HttpResponseBase:
    """Leads to the preview, for the ticked tools or for all that match the filters; what is wrong is said in the table.
    Its links are relative, so a GET leads to it."""
    connector = connector_of(request.organization, pk)
    if request.method != "POST":
        return redirect(f"{reverse('connectors:detail', args=[pk])}?{request.GET.urlencode()}")
    if one := request.POST.get("switch"):
        return _switch(request, pk, _uuid(one))
    form = BulkForm(request.organization, request.POST)
    filters = QueryDict(query_without(QueryDict(request.POST.get("query", "")), "change"))
    is_of_all = "matching" in request.POST
    ticked = frozenset(request.POST.getlist("tools"))
    if form.is_searching:
        return show_tools(request, connector, filters, form, Ticks(ticked, is_of_all))
    try:
        wish = form.wish
        chosen = filtered_tools(connector, filters).values_list("pk", flat=True) if is_of_all else map(_uuid, ticked)
        bulk = preview_bulk_change(
            connector, chosen, wish, filters=filters.urlencode(), is_of_all=is_of_all, actor=request.actor
        )
    except Problem as problem:
        ticks = Ticks(ticked, is_of_all, problem=f"Nothing was changed. {problem.message}")
        return show_tools(request, connector, filters, form, ticks, status=400)
    return redirect("connectors:tool_changes", pk, bulk.pk)


@needs(Power.MANAGE_CONNECTORS)
def bulk_page(request: OrganizationRequest, pk: UUID, bulk_pk: UUID) -> HttpResponse:
    """The preview; once done, what it did."""
    bulk = bulk_change_of(request.organization, pk, bulk_pk)
    if request.method != "POST":
        return show(request, _page(request, bulk, Choice()))
    choice = Choice("moderate" in request.POST, frozenset(map(_uuid, request.POST.getlist("tools"))))
    try:
        apply_bulk_change(bulk, choice if request.POST.get("which") == "ticked" else Choice(), actor=request.actor)
    except Problem as problem:
        bulk.refresh_from_db()
        return show(request, _page(request, bulk, choice, problem.message), status=400)
    return redirect(_table(bulk))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def undo_bulk(request: OrganizationRequest, pk: UUID, bulk_pk: UUID) -> HttpResponse:
    bulk = bulk_change_of(request.organization, pk, bulk_pk)
    try:
        undo_bulk_change(bulk, actor=request.actor)
    except Problem as problem:
        messages.error(request, f"Nothing was undone. {problem.message}")
    return redirect(_table(bulk))


def _table(bulk: BulkChange) -> str:
    """The table with the filters it had, the ticks of the change, and what came of it."""
    filters = f"{bulk.filters}&" if bulk.filters else ""
    return f"{reverse('connectors:detail', args=[bulk.connector_id])}?{filters}change={bulk.pk}"


def _page(request: OrganizationRequest, bulk: BulkChange, choice: Choice, problem: str = "") -> BulkPage:
    lots = lots_of(bulk)
    first = _first(lots)
    found = Tool.objects.filter(pk__in=[key for keys in first.values() for key in keys]).defer("description")
    tools = found.in_bulk()
    rows = {lot: _rows(lots, lot, [tools[key] for key in keys if key in tools], choice) for lot, keys in first.items()}
    return BulkPage(
        connector=connector_of(request.organization, bulk.connector_id),
        bulk=bulk,
        lots=lots,
        choice=choice,
        problem=problem,
        asked=[rows[lot] for lot in NAMED if rows[lot].number],
        others=[rows[lot] for lot in Lot if lot not in NAMED and rows[lot].number],
    )


def _first(lots: Lots) -> dict[Lot, list[UUID]]:
    """Of each lot those that the page names: what is asked about has its part of the page."""
    parts = sum(1 for lot in NAMED if lots.counts[lot])
    return {lot: lots.of(lot)[: MOST_ASKED // parts if lot in NAMED and parts else MOST_NAMED] for lot in Lot}


def _rows(lots: Lots, lot: Lot, tools: list[Tool], choice: Choice) -> LotRows:
    rows = [ToolRow(tool, lots.seen[tool.pk].remarks, tool.pk in choice.ticked) for tool in tools]
    return LotRows(_TITLES[lot], lots.counts[lot], rows)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such tool here.") from None
