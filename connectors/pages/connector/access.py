"""A connector's tab Access: what new tools start with, who decides on held calls, who can call it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from audit.actor import Actor
from connectors.actions.set_approvers import set_approvers
from connectors.actions.set_deciders import set_deciders
from connectors.models import Connector
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.consequences import callers_of_connector
from connectors.pages.forms import AccessForm, ApproversForm
from connectors.pages.shared_forms import saved_access
from connectors.queries import connector_of, deciding_people
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
    too_few: str
    """That there are too few who may decide; empty when there are enough."""


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
    saved = attempt(form, lambda given: [_save_who_decides(connector, given, request.actor)])
    if saved is None:
        return _shown(request, connector, AccessForm.of(connector), form)
    messages.success(request, "Saved who decides on held calls.")
    return redirect("connectors:access", pk)


@transaction.atomic
def _save_who_decides(connector: Connector, given: dict[str, Any], actor: Actor) -> None:
    set_approvers(connector, given["approvers"], actor=actor)
    set_deciders(connector, given["deciders"] or connector.deciders, actor=actor)


def _too_few(connector: Connector) -> str:
    """Said where it is chosen: otherwise the first call says so."""
    if connector.deciders != Connector.Deciders.TWO_PEOPLE:
        return ""
    people = [str(one.user) for one in deciding_people(connector)[:3]]
    if len(people) > 2:
        return ""
    if len(people) == 2:
        return f"Only {people[0]} and {people[1]} decide here: a call that one of them asks for can't be approved."
    who = f"only {people[0]} decides" if people else "nobody decides"
    return f"It takes two people, and {who} here: no call can be approved. Make somebody else an approver."


def _shown(
    request: OrganizationRequest, connector: Connector, form: AccessForm, approvers: ApproversForm
) -> HttpResponse:
    people = long_list(callers_of_connector(connector), request.GET, "callers")
    page = AccessTab(request, connector, form=form, people=people, approvers=approvers, too_few=_too_few(connector))
    return show(request, page, status=status_of(form, approvers))
