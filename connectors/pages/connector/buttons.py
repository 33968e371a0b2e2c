"""What the buttons above a connector's tabs do: test, sync, pause, resume."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors.actions.pause_connector import pause_connector
from connectors.actions.resume_connector import resume_connector
from connectors.actions.sync_connector import summary_of, sync_connector
from connectors.actions.test_connection import test_connection
from connectors.inspect.findings import is_working, worst_of
from connectors.pages.kept_findings import keep_findings
from connectors.queries import connector_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def test_this_connector(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    findings = test_connection(connector, actor=request.actor)
    keep_findings(request, connector, findings)
    if is_working(findings):
        messages.success(request, f"Tested: {connector} works.")
    else:
        messages.error(request, f"Tested: {connector} does not work. {worst_of(findings).sentence}")
    return redirect("connectors:settings", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def sync_this_connector(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    run = sync_connector(connector, actor=request.actor)
    if run.is_success:
        messages.success(request, f"Synced: {summary_of(run)}")
        for old, new in run.renamed:
            messages.warning(request, f"{new} looks like {old} under a new name. It is disabled until you enable it.")
    else:
        messages.error(request, f"The tools could not be read. {run.error}")
    return redirect("connectors:detail", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def pause_this_connector(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    pause_connector(connector, reason=request.POST.get("reason", "").strip()[:200], actor=request.actor)
    messages.success(request, f"{connector} is paused: calls to its tools are refused until you resume it.")
    return redirect("connectors:detail", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def resume_this_connector(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    resume_connector(connector, actor=request.actor)
    messages.success(request, f"{connector} is active again: calls to its tools run.")
    return redirect("connectors:detail", pk)
