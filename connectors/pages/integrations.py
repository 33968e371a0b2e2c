"""Integrations: one row per connector, with its state in words."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from connectors.counts import enabled_words
from connectors.models import Connector
from connectors.pages.activity import HOURS, calls_by_hour
from connectors.queries import connectors_of, counts_of
from connectors.states import state_of
from harriet.pages.pagination import page_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from vault.models import Credential

SHOWN = {
    "": ("All", Q()),
    "working": ("Working", Q(state="active", health="up")),
    "attention": ("Needs attention", Q(state="active", health__in=["down", "operator"]) | Q(quarantined_count__gt=0)),
    "paused": ("Paused", Q(state="paused")),
    "draft": ("Drafts", Q(state="draft")),
}


@needs(Power.VIEW_SETTINGS)
def integrations(request: OrganizationRequest) -> HttpResponse:
    show, text = request.GET.get("show", ""), request.GET.get("q", "").strip()
    everything = connectors_of(request.organization)
    page = page_of(_filtered(everything, show, text), request)
    context = {
        "active": "integrations",
        "page": page,
        "rows": _rows(request, list(page)),
        "shown": [(key, label, key == show) for key, (label, _) in SHOWN.items()],
        "show": show,
        "text": text,
        "is_empty": not everything.exists(),
        "can_manage": has_power(request.membership, Power.MANAGE_CONNECTORS),
    }
    return render(request, "connectors/list.html", context)


def _filtered(found: QuerySet[Connector], show: str, text: str) -> QuerySet[Connector]:
    if show in SHOWN:
        found = found.filter(SHOWN[show][1])
    if text:
        found = found.filter(Q(name__icontains=text) | Q(slug__icontains=text) | Q(url__icontains=text))
    return found


def _rows(request: OrganizationRequest, connectors: list[Connector]) -> list[dict[str, Any]]:
    credentials = {row.connector_id: row for row in Credential.objects.filter(organization=request.organization)}
    calls = calls_by_hour(request.organization.id)
    return [
        {
            "connector": connector,
            "state": state_of(connector),
            "enabled": enabled_words(counts_of(connector)),
            "credential": credentials.get(connector.id),
            "hours": calls.get(connector.id, [0] * HOURS),
            "calls": sum(calls.get(connector.id, [])),
        }
        for connector in connectors
    ]
