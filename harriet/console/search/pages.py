"""The search page, and what appears under the search field while somebody types."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from connectors.models import Tool
from harriet.console.search.find import LONGEST, Found, find
from harriet.pages.context import PageContext, show
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed, listed
from harriet.people.pages.guards import OrganizationRequest, in_organization, needs
from harriet.people.roles import Power
from harriet.people.search_words import Noun, has_words

MOST_BELOW = 4
"""Of one noun, under the field."""


@dataclass(frozen=True, slots=True)
class SearchPage(PageContext):
    template = "console/search.html"
    text: str
    found: list[Found]


@dataclass(frozen=True, slots=True)
class FoundPart(PageContext):
    """Under the field: the same, shorter."""

    template = "console/search_found.html"
    text: str
    found: list[Found]

    @property
    def page_url(self) -> str:
        return reverse("console:search")


@dataclass(frozen=True, slots=True)
class ToolsFoundPage(PageContext):
    """All tools of all connectors that were found: they have no list of their own."""

    template = "console/search_tools.html"
    text: str
    table: Listed[Tool]


TOOLS = Table(
    key="found-tools",
    columns=(
        Column("name", "Tool", sort="name"),
        Column("connector", "Connector", sort="connector__name"),
        Column("risk", "Risk"),
    ),
    order="name",
)


@require_safe
@in_organization
def search_page(request: OrganizationRequest) -> HttpResponseBase:
    text = request.GET.get("q", "").strip()[:LONGEST]
    if request.htmx:
        found = find(request.membership, request.user, text, most=MOST_BELOW, pages=MOST_BELOW)
        return show(request, FoundPart(text=text, found=found))
    if request.GET.get("of") == "tools":
        return _tools_page(request)
    return show(request, SearchPage(text=text, found=find(request.membership, request.user, text)))


@needs(Power.VIEW_SETTINGS)
def _tools_page(request: OrganizationRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST]
    rows = Tool.objects.filter(has_words(Noun.TOOL, text), organization=request.organization)
    return show(request, ToolsFoundPage(text=text, table=listed(TOOLS, rows.select_related("connector"), request.GET)))
