"""The list of unmanaged servers and the page of one; promoting it to a connector, or denying it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from connectors.models import Connector
from connectors.pages.kept_prefill import keep_prefill
from connectors.pages.snippets import read_snippet
from harriet.lib.ids import new_id
from harriet.pages.context import PageContext, show
from harriet.pages.counts import Several, several
from harriet.pages.tables.bulk import BulkAction, Noun, ticked_ids
from harriet.pages.tables.bulk_page import BulkPage, preview_or_do
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.actions.decide_found_server import decide_found_server
from harriet.people.models import FoundServer, Organization, ServerSighting
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.queries import found_server_of, found_servers_of, sightings_of
from harriet.people.roles import Power

SHOWN = 50
"""Places of one server; the rest is counted."""
_DECISION = FoundServer.Decision
FILTERS = (
    Filter("", "Not decided", Q(decision=_DECISION.OPEN)),
    Filter("denied", "Denied", Q(decision=_DECISION.DENIED)),
    Filter("promoted", "Being made a connector", Q(decision=_DECISION.PROMOTED)),
    Filter("all", "All", Q()),
)
SERVERS = Table(
    key="unmanaged-servers",
    columns=(
        Column("name", "Server", sort="name"),
        Column("target", "Address or command", is_optional=True),
        Column("devices", "Devices", is_optional=True, is_numeric=True),
        Column("first", "First reported", sort="first_seen_at", is_optional=True),
        Column("last", "Last reported", sort="last_seen_at", is_optional=True, is_shown_at_first=False),
        Column("decision", "Decision", sort="decision", is_optional=True),
        Column("actions", "Actions", is_label_read=True),
    ),
    order="-first",
)


@dataclass(frozen=True, slots=True)
class ServerRow:
    server: FoundServer
    connector: Connector | None
    """One of ours that has the same address already."""


@dataclass(frozen=True, slots=True)
class UnmanagedPage(PageContext):
    template = "unmanaged/list.html"
    active = "unmanaged"
    table: Listed[FoundServer]
    rows: list[ServerRow]
    text: str
    show: str
    is_empty: bool
    can_manage: bool


@dataclass(frozen=True, slots=True)
class UnmanagedServerPage(PageContext):
    template = "unmanaged/server.html"
    active = "unmanaged"
    server: FoundServer
    connector: Connector | None
    sightings: Several[ServerSighting]
    can_manage: bool


@require_safe
@needs(Power.VIEW_SETTINGS)
def unmanaged_page(request: OrganizationRequest) -> HttpResponse:
    text, everything = request.GET.get("q", "").strip(), found_servers_of(request.organization)
    found = _searched(everything, text)
    chips, can_manage = Chips(FILTERS, request.GET), has_power(request.membership, Power.MANAGE_CONNECTORS)
    table = listed_for(request, SERVERS, chips.narrowed(found), chips=chips.shown(found), can_tick=can_manage)
    known = connectors_at(request.organization, [one.target for one in table.rows])
    page = UnmanagedPage(
        table=table,
        rows=[ServerRow(one, known.get(_plain(one.target))) for one in table.rows],
        text=text,
        show=chips.chosen.key,
        is_empty=not table.rows and not everything.exists(),
        can_manage=can_manage,
    )
    return show(request, page)


def _searched(found: QuerySet[FoundServer], text: str) -> QuerySet[FoundServer]:
    return found.filter(Q(name__icontains=text) | Q(target__icontains=text)) if text else found


def connectors_at(organization: Organization, addresses: Iterable[str]) -> dict[str, Connector]:
    """By address; a slash at its end makes no difference."""
    wanted = {spelling for address in addresses for spelling in (_plain(address), f"{_plain(address)}/")}
    here = Connector.objects.filter(organization=organization, url__in=wanted).order_by("-created_at")
    return {_plain(one.url): one for one in here}


def _plain(address: str) -> str:
    return address.rstrip("/")


@require_safe
@needs(Power.VIEW_SETTINGS)
def unmanaged_server_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    server = found_server_of(request.organization, pk)
    page = UnmanagedServerPage(
        server=server,
        connector=connectors_at(request.organization, [server.target]).get(_plain(server.target)),
        sightings=several(sightings_of(server), SHOWN),
        can_manage=has_power(request.membership, Power.MANAGE_CONNECTORS),
    )
    return show(request, page)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def promote_server(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Its name and address fill in the first step of a new connector, as a pasted configuration does."""
    server = found_server_of(request.organization, pk)
    decide_found_server(server, _DECISION.PROMOTED, actor=request.actor)
    form_id = new_id()
    keep_prefill(request, form_id, read_snippet(json.dumps({"mcpServers": {server.name: {"url": server.target}}})))
    return redirect(f"{reverse('connectors:new')}?from={form_id}")


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def deny_server(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    server = found_server_of(request.organization, pk)
    decide_found_server(server, _DECISION.DENIED, actor=request.actor)
    messages.success(
        request,
        f"{server.name} is denied: the control files name it. Clients obey once the new files are on their machines.",
    )
    return redirect("unmanaged:detail", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def reopen_server(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    server = found_server_of(request.organization, pk)
    decide_found_server(server, _DECISION.OPEN, actor=request.actor)
    messages.success(request, f"The decision about {server.name} was taken back.")
    return redirect("unmanaged:detail", pk)


class BulkServersPage(BulkPage):
    __slots__ = ()
    template = "tables/bulk.html"
    active = "unmanaged"
    list_name = "Unmanaged servers"


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def change_many_servers(request: OrganizationRequest) -> HttpResponse:
    action: BulkAction[FoundServer] = BulkAction(
        "deny",
        "Deny",
        "denied",
        Noun("server", "servers"),
        do=lambda one: decide_found_server(one, _DECISION.DENIED, actor=request.actor),
        stays=lambda one: "it is denied already" if one.decision == _DECISION.DENIED else "",
        details=lambda one: one.target,
        note="The control files of every group name them. Clients obey once the new files are on their machines.",
        is_danger=True,
    )
    rows = list(found_servers_of(request.organization).filter(pk__in=ticked_ids(request.POST)))
    return preview_or_do(request, BulkServersPage, action, rows, back=reverse("unmanaged:list"))
