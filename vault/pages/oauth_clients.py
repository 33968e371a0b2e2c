"""Where Harriet is registered as an OAuth client: the providers, the connectors that each serves, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpResponse
from django.utils import timezone

from harriet.pages.context import PageContext, show
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.roles import Power
from vault.models import Credential, OAuthClient

EXPIRES_SOON = timedelta(days=14)
MOST_NAMES = 50
"""Of connectors that one registration serves."""
FILTERS = (
    Filter("", "All", Q()),
    Filter("problem", "Refused by the provider", ~Q(problem="")),
    Filter("expiring", "Secret expires soon", Q(secret_expires_at__lte=Now() + EXPIRES_SOON)),
    Filter("unused", "Without a connector", Q(credentials=None)),
)
OAUTH_CLIENTS = Table(
    key="oauth_clients",
    columns=(
        Column("name", "Provider", sort="name"),
        Column("issuer", "Issuer", sort="issuer", is_optional=True),
        Column("origin", "Registered", is_optional=True),
        Column("connectors", "Connectors", is_optional=True),
        Column("expires", "Secret expires", sort="secret_expires_at", is_optional=True),
        Column("state", "State"),
    ),
    order="name",
)


@dataclass(frozen=True, slots=True)
class ClientState:
    kind: str
    """A status of the pages: ok, attention, danger."""
    word: str


@dataclass(frozen=True, slots=True)
class ClientRow:
    client: OAuthClient
    connectors: list[str]
    state: ClientState


@dataclass(frozen=True, slots=True)
class OAuthClientsPage(PageContext):
    template = "vault/oauth_clients.html"
    active = "vault"
    table: Listed[OAuthClient]
    rows: list[ClientRow]
    is_empty: bool


@needs(Power.VIEW_SETTINGS)
def oauth_clients_page(request: OrganizationRequest) -> HttpResponse:
    everything = OAuthClient.objects.filter(organization=request.organization)
    everything = everything.exclude(origin=OAuthClient.Origin.SIGN_IN)  # set up with the provider, under Sign-in
    served = Credential.objects.filter(oauth_client=OuterRef("pk")).order_by("name").values("name")
    named: QuerySet[OAuthClient] = everything.annotate(connector_names=ArraySubquery(served[:MOST_NAMES]))
    chips, now = Chips(FILTERS, request.GET), timezone.now()
    table = listed_for(request, OAUTH_CLIENTS, chips.narrowed(named), chips=chips.shown(everything))
    return show(
        request,
        OAuthClientsPage(
            table=table,
            rows=[ClientRow(one, one.connector_names, state_of(one, now)) for one in table.rows],  # type: ignore[attr-defined]
            is_empty=not table.rows and not everything.exists(),
        ),
    )


def connectors_of(client: OAuthClient) -> list[str]:
    """That it serves, by name."""
    return list(client.credentials.order_by("name").values_list("name", flat=True)[:MOST_NAMES])


def state_of(client: OAuthClient, now: datetime) -> ClientState:
    if client.problem:
        return ClientState("danger", "Refused by the provider")
    if client.secret_expires_at is None or client.secret_expires_at - now > EXPIRES_SOON:
        return ClientState("ok", "In order")
    return (
        ClientState("danger", "Expired")
        if client.secret_expires_at <= now
        else ClientState("attention", "Expires soon")
    )


def grant_count(client: OAuthClient) -> int:
    """Accounts that are connected."""
    return int(client.grants.filter(state="active").aggregate(count=Count("pk"))["count"])
