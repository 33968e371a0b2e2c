"""A connector's tab Access: what new tools start with, who decides on held calls, who can call it now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors.actions.set_approvers import set_approvers
from connectors.models import Connector
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.consequences import callers_of_connector
from connectors.pages.forms import AccessForm, ApproversForm
from connectors.pages.shared_forms import saved_access
from connectors.queries import connector_of
from harriet.pages.context import show
from harriet.pages.forms import attempt, status_of
from harriet.pages.long_list import LongList, long_list
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class AccessTab(ConnectorPage):
    template = "connectors/access.html"
    tab = "access"
    form: AccessForm
    people: LongList
    """Who can call one of its tools now."""
    approvers: ApproversForm


@needs_to_save(Power.MANAGE_CONNECTORS)
def access_tab(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = AccessForm.of(connector, request.POST or None)
    if saved_access(request, connector, form):
        messages.success(request, "Saved. New tools start with this; the tools that are there keep what they have.")
        return redirect("connectors:access", pk)
    return _shown(request, connector, form, ApproversForm(connector))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def save_approvers(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = ApproversForm(connector, request.POST)
    saved = attempt(form, lambda given: [set_approvers(connector, given["approvers"], actor=request.actor)])
    if saved is None:
        return _shown(request, connector, AccessForm.of(connector), form)
    messages.success(request, "Saved who decides on held calls.")
    return redirect("connectors:access", pk)


def _shown(
    request: OrganizationRequest, connector: Connector, form: AccessForm, approvers: ApproversForm
) -> HttpResponse:
    people = long_list(callers_of_connector(connector), request.GET, "callers")
    page = AccessTab(request, connector, form=form, people=people, approvers=approvers)
    return show(request, page, status=status_of(form, approvers))
