"""The organization's AI clients: what each is, who uses it, and whether people may sign in with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from harriet.pages.context import PageContext, show
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.models import Organization
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.signin.actions.decide_client import allow_client, block_client
from harriet.signin.models import Application, ConnectedApp
from harriet.signin.protocol.redirects import place_of
from harriet.signin.queries import client_of, clients_of

_STANDING = Application.Standing
_LIVE = Q(connected_apps__ended_at=None, connected_apps__isnull=False)
_LAST = Subquery(
    ConnectedApp.objects.filter(
        application__organization=OuterRef("organization"), application__group_key=OuterRef("group_key")
    )
    .order_by()
    .values("application__group_key")
    .annotate(last=Max("device__last_seen_at"))
    .values("last")
)
FILTERS = (
    Filter("", "All", Q()),
    Filter("waiting", "Wait for you", Q(standing=_STANDING.WAITING)),
    Filter("allowed", "Allowed", Q(standing=_STANDING.ALLOWED)),
    Filter("blocked", "Blocked", Q(standing=_STANDING.BLOCKED)),
)
CLIENTS = Table(
    key="ai-clients",
    columns=(
        Column("name", "Client", sort="name"),
        Column("standing", "Standing", sort="standing"),
        Column("source", "Comes from", sort="registration_source", is_optional=True),
        Column("answers", "Answers go to", is_optional=True),
        Column("people", "Used by", is_optional=True),
        Column("used", "Last used", sort=_LAST, is_optional=True),
        Column("since", "Last registered", sort="created", is_optional=True),
        Column("actions", "Actions", is_label_read=True),
    ),
    order="-since",
)


@dataclass(frozen=True, slots=True)
class Registrations:
    """Of all rows that are one client: how often it registered, by whom, and who uses it."""

    times: int = 1
    owners: int = 0
    """People who first signed in with one of them."""
    owner: str = ""
    """One of them."""
    unused: int = 0
    users: int = 0
    """People who have it connected now."""
    last_used_at: datetime | None = None

    @property
    def words(self) -> str:
        """ "registered 16 times by Dana"."""
        if self.times == 1:
            return ""
        by = f" by {self.owner}" if self.owners == 1 else f" by {self.owners} people" if self.owners else ""
        rest = f", {self.unused} of them unused" if self.unused and self.owners else ""
        return f"registered {self.times} times{by}{rest}"


@dataclass(frozen=True, slots=True)
class ClientRow:
    client: Application
    registrations: Registrations

    @property
    def source(self) -> str:
        return source_words(self.client)

    @property
    def places(self) -> list[str]:
        return places_of(self.client)

    @property
    def status(self) -> tuple[str, str]:
        return STATUS[self.client.standing]


STATUS = {
    _STANDING.ALLOWED.value: ("ok", "Allowed"),
    _STANDING.WAITING.value: ("attention", "Waits for an IT admin"),
    _STANDING.BLOCKED.value: ("danger", "Blocked"),
}


@dataclass(frozen=True, slots=True)
class ClientsPage(PageContext):
    template = "clients/list.html"
    active = "clients"
    table: Listed[Application]
    rows: list[ClientRow]
    text: str
    show: str
    is_empty: bool
    can_manage: bool
    new_wait: bool


@require_safe
@needs(Power.VIEW_SETTINGS)
def clients_page(request: OrganizationRequest) -> HttpResponse:
    text, chips = request.GET.get("q", "").strip(), Chips(FILTERS, request.GET)
    everything = clients_of(request.organization)
    found = everything.filter(Q(name__icontains=text) | Q(redirect_uris__icontains=text)) if text else everything
    table = listed_for(request, CLIENTS, chips.narrowed(found), chips=chips.shown(found))
    return show(
        request,
        ClientsPage(
            table=table,
            rows=client_rows(request.organization, table.rows),
            text=text,
            show=chips.chosen.key,
            is_empty=not table.rows and not everything.exists(),
            can_manage=has_power(request.membership, Power.MANAGE_TOKENS),
            new_wait=request.organization.new_clients == Organization.NewClients.WAITING,
        ),
    )


def client_rows(organization: Organization, clients: list[Application]) -> list[ClientRow]:
    known = _registrations(organization, [client.group_key for client in clients])
    return [ClientRow(client, known.get(client.group_key, Registrations())) for client in clients]


def _registrations(organization: Organization, keys: list[Any]) -> dict[str, Registrations]:
    rows = Application.objects.filter(organization=organization, group_key__in=keys).order_by().values("group_key")
    registered = rows.annotate(
        times=Count("pk"),
        owners=Count("first_user", distinct=True),
        owner=Max("first_user__name"),
        unused=Count("pk", filter=Q(first_user=None)),
    )
    used = rows.annotate(
        users=Count("connected_apps__user", distinct=True, filter=_LIVE),
        last_used_at=Max("connected_apps__device__last_seen_at"),
    )
    uses = {row["group_key"]: row for row in used}
    return {
        row["group_key"]: Registrations(
            times=row["times"],
            owners=row["owners"],
            owner=row["owner"] or "one person",
            unused=row["unused"],
            users=uses[row["group_key"]]["users"],
            last_used_at=uses[row["group_key"]]["last_used_at"],
        )
        for row in registered
    }


def source_words(client: Application) -> str:
    if client.registration_source == Application.RegistrationSource.CIMD:
        return f"Its document, {client.client_id}"
    if client.registration_source == Application.RegistrationSource.DCR:
        return "Registered itself"
    return f"Made by {client.user}" if client.user else "Made by hand"


def places_of(client: Application) -> list[str]:
    """Where its answers go, in people's words, each once."""
    return list(dict.fromkeys(place_of(uri) for uri in client.redirect_uris.split()))


@require_POST
@needs(Power.MANAGE_TOKENS)
def allow_this_client(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    client = client_of(request.organization, pk)
    allow_client(client, actor=request.actor)
    messages.success(request, f"People can sign in with {client} from now on.")
    return redirect("clients:detail", client.pk)


@require_POST
@needs(Power.MANAGE_TOKENS)
def block_this_client(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    client = client_of(request.organization, pk)
    ended = block_client(client, actor=request.actor)
    apps = "1 connected app ended" if ended == 1 else f"{ended} connected apps ended"
    messages.success(request, f"{client} was blocked; {apps}.")
    return redirect("clients:detail", client.pk)


def group_of_apps(client: Application) -> QuerySet[ConnectedApp]:
    """What is connected with any registration of the client."""
    apps = ConnectedApp.objects.filter(
        application__organization=client.organization_id, application__group_key=client.group_key, ended_at=None
    )
    return apps.filter(device__revoked_at=None).select_related("user", "device", "application", "organization")
