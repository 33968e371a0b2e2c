"""The search behind the pickers: what begins as somebody types, within their organization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from connectors.pages.fields import Connectors, EveryConnector, EveryTool, OwnProfiles, Profiles, Tools
from harriet.pages.context import PageContext, show
from harriet.pages.picking import MOST_FOUND, Found, Source
from harriet.people.errors import NotAllowed
from harriet.people.pages.fields import (
    Accounts,
    Agents,
    Everybody,
    EveryDevice,
    Groups,
    OwnDevices,
    People,
    SharedKeys,
    Subjects,
)
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.signin.pages.fields import Clients

_SOURCES: tuple[Any, ...] = (
    Groups,
    People,
    Everybody,
    Accounts,
    Subjects,
    Connectors,
    EveryConnector,
    Tools,
    EveryTool,
    Profiles,
    EveryDevice,
    Agents,
    SharedKeys,
    Clients,
)
SOURCES: dict[str, Any] = {source.key: source for source in _SOURCES}
OWN: dict[str, Any] = {source.key: source for source in (OwnProfiles, OwnDevices)}
"""Of whoever asks."""


@dataclass(frozen=True, slots=True)
class OptionsPart(PageContext):
    """A part of a page: the options below a picker's input."""

    template = "parts/picker_options.html"
    source: Source[Any]
    found: Found
    field: str
    text: str

    @property
    def more(self) -> str:
        """Where the next ones are."""
        asked = urlencode({"field": self.field, self.field: self.text, "seen": self.found.seen})
        return f"{reverse('pick', args=[self.source.key])}?{asked}"


@require_safe
@in_organization
def options(request: OrganizationRequest, key: str) -> HttpResponse:
    """Whoever sees the company's settings sees these names on its pages; everybody sees what is their own."""
    source = _source(request, key)
    field = request.GET.get("field", "q")
    text, seen = request.GET.get(field, "").strip()[:100], request.GET.get("seen", "")
    place = min(int(seen), MOST_FOUND) if seen.isascii() and seen.isdigit() and len(seen) < 7 else 0
    return show(request, OptionsPart(source=source, found=source.find(text, place), field=field, text=text))


def _source(request: OrganizationRequest, key: str) -> Source[Any]:
    source: Source[Any]
    if key in OWN:
        source = OWN[key](request.membership)
        return source
    if not has_power(request.membership, Power.VIEW_SETTINGS):
        raise NotAllowed("Your role here may not look for these.")
    if key not in SOURCES:
        raise Http404
    source = SOURCES[key](request.organization)
    return source
