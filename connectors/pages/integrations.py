"""Integrations: one row per connector, with its state in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, When
from django.http import HttpResponse

from connectors.counts import enabled_lines
from connectors.models import Connector, Tool
from connectors.pages.drafts import Drafts, drafts_of
from connectors.pages.logged_calls import HOURS, calls_by_hour
from connectors.queries import UNUSED, connectors_of, counts_of
from connectors.states import ShownState, state_of
from connectors.transports.kinds import kind_label
from harriet.pages.context import PageContext, show
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.models import Organization
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.people.search_words import Noun, has_words
from vault.models import Credential
from vault.queries import in_use

_ACTIVE, _HEALTH = Q(state=Connector.State.ACTIVE), Connector.Health
_TOOLS = Tool.objects.filter(connector=OuterRef("pk")).order_by().values("connector")
_CHANGED = Q(Exists(Tool.objects.filter(connector=OuterRef("pk"), state=Tool.State.QUARANTINED)))
_BROKEN = _ACTIVE & Q(health__in=[_HEALTH.DOWN, _HEALTH.NEEDS_ADMIN])
_DRAFT = Q(state=Connector.State.DRAFT)
ANY = Filter("", "All", Q())
"""Who searches finds drafts, too, which stand above the others otherwise."""
FILTERS = (
    Filter("", "All", ~_DRAFT),
    Filter("working", "Working", _ACTIVE & Q(health=_HEALTH.UP)),
    Filter("attention", "Needs attention", _BROKEN | _CHANGED),
    Filter("down", "Down", _ACTIVE & Q(health=_HEALTH.DOWN)),
    Filter("unused", "Unused", UNUSED),
    Filter("paused", "Paused", Q(state=Connector.State.PAUSED)),
    Filter("draft", "Drafts", _DRAFT),
)
WORST_FIRST = Case(
    When(_ACTIVE & Q(health=_HEALTH.DOWN), then=0),
    When(_ACTIVE & Q(health=_HEALTH.NEEDS_ADMIN), then=1),
    When(_ACTIVE & Q(health=_HEALTH.UNKNOWN), then=2),
    When(_ACTIVE, then=3),
    When(state=Connector.State.PAUSED, then=4),
    default=5,
)
CONNECTORS = Table(
    key="connectors",
    columns=(
        Column("name", "Name", sort="name"),
        Column("state", "State", sort=WORST_FIRST),
        Column(
            "tools",
            "Tools",
            sort=Subquery(
                _TOOLS.filter(is_enabled=True, state=Tool.State.PINNED).annotate(count=Count("pk")).values("count")
            ),
            is_optional=True,
        ),
        Column("secret", "Signs in with", is_optional=True),
        Column("owner", "Owner", sort="owner__email", is_optional=True),
        Column(
            "called",
            "Last call",
            sort=Subquery(_TOOLS.annotate(last=Max("last_called_at")).values("last")),
            is_optional=True,
        ),
        Column("hours", "Last 24 hours", is_optional=True),
        Column(
            "due",
            "Secret due",
            sort=Subquery(Credential.objects.filter(connector_id=OuterRef("pk")).values("rotation_due_at")[:1]),
            is_optional=True,
        ),
        Column("address", "Address", sort="url", is_optional=True, is_shown_at_first=False),
        Column("since", "Since", sort="created_at", is_optional=True, is_shown_at_first=False),
    ),
    order="name",
)


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    connector: Connector
    kind: str
    """ "Native MCP server"."""
    state: ShownState
    enabled: tuple[str, str]
    """ "12 of 84 enabled", and under it "1 of 2 prompts, resources"."""
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
    table: Listed[Connector]
    rows: list[IntegrationRow]
    drafts: Drafts
    """Above all others, unless somebody filters or searches."""
    show: str
    text: str
    is_empty: bool
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def integrations_page(request: OrganizationRequest) -> HttpResponse:
    text, chips = _asked(request)
    everything = Connector.objects.filter(organization=request.organization)
    found = _searched(everything, text)
    can_manage = has_power(request.membership, Power.MANAGE_CONNECTORS)
    table = listed_for(request, CONNECTORS, chips.narrowed(found), chips=chips.shown(found), can_tick=can_manage)
    return show(
        request,
        IntegrationsPage(
            table=table,
            rows=_rows(request.organization, table.rows),
            drafts=Drafts([], False) if chips.chosen.key or text else drafts_of(request.organization),
            show=chips.chosen.key,
            text=text,
            is_empty=not table.rows and not everything.exists(),
            can_manage=can_manage,
        ),
    )


def _asked(request: OrganizationRequest) -> tuple[str, Chips]:
    text = request.GET.get("q", "").strip()
    return text, Chips((ANY, *FILTERS[1:]) if text else FILTERS, request.GET)


def _searched(found: QuerySet[Connector], text: str) -> QuerySet[Connector]:
    if not text:
        return found
    return found.filter(has_words(Noun.CONNECTOR, text) | Q(url__icontains=text))


def _rows(organization: Organization, listed: list[Connector]) -> list[IntegrationRow]:
    """With what is read for the rows of this page alone."""
    keys = [connector.pk for connector in listed]
    detailed = {one.pk: one for one in connectors_of(organization).filter(pk__in=keys)}
    kept = in_use(Credential.objects.filter(organization=organization, connector_id__in=keys))
    credentials = {row.connector_id: row for row in kept}
    calls = calls_by_hour(organization.id, keys)
    return [
        IntegrationRow(
            connector=connector,
            kind=kind_label(connector.kind),
            state=state_of(connector),
            enabled=enabled_lines(counts_of(connector)),
            credential=credentials.get(connector.id),
            hours=calls.get(connector.id, [0] * HOURS),
        )
        for connector in (detailed[key] for key in keys if key in detailed)
    ]
