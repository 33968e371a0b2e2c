"""Integrations: one row per connector, with its state in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Page
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.http import urlencode

from connectors.counts import enabled_words
from connectors.models import Connector
from connectors.pages.drafts import Drafts, drafts_of
from connectors.pages.logged_calls import HOURS, calls_by_hour
from connectors.queries import connectors_of, counts_of
from connectors.states import ShownState, state_of
from connectors.transports.kinds import kind_label
from harriet.pages.context import PageContext, show
from harriet.pages.links import Link
from harriet.pages.pagination import page_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from vault.models import Credential

_BROKEN = Q(state=Connector.State.ACTIVE, health__in=[Connector.Health.DOWN, Connector.Health.NEEDS_ADMIN])
SHOWN = {
    "": ("All", ~Q(state=Connector.State.DRAFT)),
    "working": ("Working", Q(state=Connector.State.ACTIVE, health=Connector.Health.UP)),
    "attention": ("Needs attention", _BROKEN | Q(quarantined_count__gt=0)),
    "paused": ("Paused", Q(state=Connector.State.PAUSED)),
    "draft": ("Drafts", Q(state=Connector.State.DRAFT)),
}


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    connector: Connector
    kind: str
    """ "Native MCP server"."""
    state: ShownState
    enabled: str
    """ "12 of 84 enabled"."""
    credential: Credential | None
    hours: list[int]
    """Calls in each of the last hours, oldest first."""

    @property
    def calls(self) -> int:
        return sum(self.hours)


@dataclass(frozen=True, slots=True)
class IntegrationsPage(PageContext):
    template = "connectors/list.html"
    active = "integrations"
    page: Page[Connector]
    rows: list[IntegrationRow]
    drafts: Drafts
    """Above all others, unless somebody filters or searches."""
    shown: list[Link]
    show: str
    text: str
    is_empty: bool
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def integrations_page(request: OrganizationRequest) -> HttpResponse:
    wanted, text = request.GET.get("show", ""), request.GET.get("q", "").strip()
    everything = connectors_of(request.organization)
    page = page_of(_filtered(everything, wanted, text), request)
    return show(
        request,
        IntegrationsPage(
            page=page,
            rows=_rows(request, list(page)),
            drafts=Drafts([], False) if wanted or text else drafts_of(request.organization),
            shown=_chips(wanted, text),
            show=wanted,
            text=text,
            is_empty=not everything.exists(),
            can_manage=has_power(request.membership, Power.MANAGE_CONNECTORS),
        ),
    )


def _chips(wanted: str, text: str) -> list[Link]:
    search = f"&{urlencode({'q': text})}" if text else ""
    return [Link(f"?show={key}{search}", label, key == wanted) for key, (label, _) in SHOWN.items()]


def _filtered(found: QuerySet[Connector], show: str, text: str) -> QuerySet[Connector]:
    if show in SHOWN and (show or not text):
        _, which = SHOWN[show]
        found = found.filter(which)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(slug__icontains=text) | Q(url__icontains=text))
    return found


def _rows(request: OrganizationRequest, connectors: list[Connector]) -> list[IntegrationRow]:
    credentials = {row.connector_id: row for row in Credential.objects.filter(organization=request.organization)}
    calls = calls_by_hour(request.organization.id)
    return [
        IntegrationRow(
            connector=connector,
            kind=kind_label(connector.kind),
            state=state_of(connector),
            enabled=enabled_words(counts_of(connector)),
            credential=credentials.get(connector.id),
            hours=calls.get(connector.id, [0] * HOURS),
        )
        for connector in connectors
    ]
