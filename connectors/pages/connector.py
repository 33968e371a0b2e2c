"""One connector's page: its tabs, and what its header's buttons do."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from connectors.actions.delete_connector import delete_connector
from connectors.actions.pause_connector import pause_connector
from connectors.actions.resume_connector import resume_connector
from connectors.actions.save_basics import save_basics
from connectors.actions.set_approvers import set_approvers
from connectors.actions.set_argument_checks import set_argument_checks
from connectors.actions.switch_secret_back import switch_secret_back
from connectors.actions.sync_connector import summary_of, sync_connector
from connectors.actions.test_connection import test_connection
from connectors.counts import Counts, enabled_words, offer_words
from connectors.errors import ConnectorError
from connectors.models import Connector, Risk, SyncRun
from connectors.pages import tool_table
from connectors.pages.activity import latest_events
from connectors.pages.consequences import consequences_of, people_who_can_call
from connectors.pages.forms import AccessForm, ApproversForm, BasicsForm, BulkForm, ChecksForm, ConnectionForm
from connectors.pages.kept_findings import keep_findings, kept_findings
from connectors.pages.moved_address import question_about_secret, save_connection_form
from connectors.pages.wizard import credential_form, save_access_form, save_credential_form
from connectors.queries import connector_of, counts_of, last_sync_of, last_taken_sync_of
from connectors.states import state_of
from connectors.sync_remarks import remarks_of
from harriet.pages.forms import ConfirmForm, attempt
from harriet.pages.pagination import page_of
from harriet.people.names import slug_from
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.permissions import has_power
from harriet.people.queries import groups_of
from harriet.people.roles import Power
from vault.queries import credential_of, previous_version

MOST_REMARKS = 20
TABS = (
    ("access", "Access"),
    ("authentication", "Authentication"),
    ("activity", "Activity"),
    ("settings", "Settings"),
)


@needs(Power.VIEW_SETTINGS)
def tools(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    if connector.state == Connector.State.DRAFT:
        return redirect("connectors:setup", pk)
    page = page_of(tool_table.filtered_tools(connector, request.GET), request)
    return render(
        request,
        "connectors/tools.html",
        page_context(
            request,
            connector,
            "detail",
            page=page,
            rows=[tool_table.row(tool) for tool in page],
            shown=tool_table.chips(connector, request.GET),
            kinds=tool_table.KINDS.items(),
            risks=Risk.choices,
            groups=groups_of(request.organization),
            filters=request.GET,
            query=tool_table.without_page(request.GET),
            found=page.paginator.count,
            bulk=BulkForm(request.organization, []),
        ),
    )


@needs_to_save(Power.MANAGE_CONNECTORS)
def access(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = AccessForm.of(connector, request.POST or None)
    if attempt(form, lambda given: save_access_form(form, connector, request)) is not None:
        messages.success(request, "Saved. New tools start with this; the tools that are there keep what they have.")
        return redirect("connectors:access", pk)
    people = people_who_can_call(connector)
    return _tab(request, connector, "access", form=form, people=people, approvers=ApproversForm(connector))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def approvers(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = ApproversForm(connector, request.POST)
    if not form.is_valid():
        raise ConnectorError("One of these groups is not there any more. Reload the page and choose again.")
    set_approvers(connector, form.cleaned_data["approvers"], actor=request.actor)
    messages.success(request, "Saved who decides on held calls.")
    return redirect("connectors:access", pk)


@needs_to_save(Power.MANAGE_CONNECTORS)
def authentication(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = credential_form(request, connector)
    if save_credential_form(form, connector, request):
        keep_findings(request, connector, test_connection(connector, actor=request.actor))
        messages.success(request, "Saved, and tried at once. Below is what the server said.")
        return redirect("connectors:authentication", pk)
    credential = credential_of(pk)
    previous = previous_version(credential) if credential else None
    return _tab(request, connector, "authentication", form=form, credential=credential, previous=previous)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def switch_back(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    switch_secret_back(connector, actor=request.actor)
    keep_findings(request, connector, test_connection(connector, actor=request.actor))
    messages.success(
        request, "The secret before is in use again, and was tried at once. Below is what the server said."
    )
    return redirect("connectors:authentication", pk)


@needs(Power.VIEW_SETTINGS)
def activity(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    runs = [(run, summary_of(run), remarks_of(run, 5)) for run in SyncRun.objects.filter(connector=connector)[:20]]
    can_read = has_power(request.membership, Power.VIEW_AUDIT)
    events = latest_events(request.organization.id, connector.id) if can_read else []
    return _tab(request, connector, "activity", runs=runs, events=events, can_read=can_read)


@needs(Power.VIEW_SETTINGS)
def settings(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return _settings(request, connector_of(request.organization, pk))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def basics(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = BasicsForm(request.POST)

    def save(given: dict[str, Any]) -> Connector:
        slug = given["slug"] or slug_from(given["name"], fallback="connector", longest=40)
        return save_basics(connector, **{**given, "slug": slug}, actor=request.actor)

    if attempt(form, save) is None:
        return _settings(request, connector_of(request.organization, pk), basics=form)
    messages.success(request, "Saved.")
    return redirect("connectors:settings", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def connection(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = ConnectionForm(request.POST)
    if (question := question_about_secret(request, connector, form)) is not None:
        return question
    had_secret = credential_of(connector.pk) is not None
    if save_connection_form(form, connector, request) is None:
        return _settings(request, connector_of(request.organization, pk), connection=form)
    if had_secret and credential_of(connector.pk) is None:
        messages.warning(request, "The secret was saved for the old address and was removed. Enter it for the new one.")
        return redirect("connectors:authentication", pk)
    keep_findings(request, connector, test_connection(connector, actor=request.actor))
    messages.success(request, "Saved, and tried at once. Below is what the server said. Sync its tools next.")
    return redirect("connectors:settings", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def checks(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = ChecksForm(request.POST)
    attempt(form, lambda given: set_argument_checks(connector, **given, actor=request.actor))
    messages.success(request, "Saved.")
    return redirect("connectors:settings", pk)


@needs(Power.MANAGE_CONNECTORS)
def delete(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = ConfirmForm(connector.name, request.POST or None)

    def confirmed(_given: dict[str, Any]) -> bool:
        delete_connector(connector, actor=request.actor)
        return True

    name = connector.name
    if attempt(form, confirmed) is None:
        context = page_context(request, connector, "settings", form=form, consequences=consequences_of(connector))
        return render(request, "connectors/delete.html", context, status=400 if form.errors else 200)
    messages.success(request, f"{name} was deleted, with its tools and its credential.")
    return redirect("connectors:list")


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def test(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    keep_findings(request, connector, test_connection(connector, actor=request.actor))
    return redirect("connectors:settings", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def sync(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    run = sync_connector(connector, actor=request.actor)
    if run.is_success:
        messages.success(request, summary_of(run))
        for old, new in run.renamed:
            messages.warning(request, f"{new} looks like {old} under a new name. It is disabled until you enable it.")
    else:
        messages.error(request, f"The tools could not be read. {run.error}")
    return redirect("connectors:detail", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def pause(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    pause_connector(connector, reason=request.POST.get("reason", "").strip()[:200], actor=request.actor)
    messages.success(request, f"{connector} is paused: its tools are refused until you resume it.")
    return redirect("connectors:detail", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def resume(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    resume_connector(connector, actor=request.actor)
    messages.success(request, f"{connector} is active again.")
    return redirect("connectors:detail", pk)


def page_context(request: OrganizationRequest, connector: Connector, tab: str, **more: Any) -> dict[str, Any]:
    """What the header and the tabs of every page of a connector need."""
    counts = counts_of(connector)
    return {
        "active": "integrations",
        "connector": connector,
        "counts": counts,
        "offered": offer_words(counts.tools, counts.prompts, counts.resources),
        "enabled": enabled_words(counts),
        "state": state_of(connector),
        "tab": tab,
        "tabs": [(f"connectors:{key}", label, key == tab) for key, label in _tabs(counts)],
        "last_sync": cache(lambda: last_sync_of(connector)),
        "remarks": cache(lambda: remarks_of(last_taken_sync_of(connector), MOST_REMARKS)),
        "findings": kept_findings(request, connector),
        "can_manage": has_power(request.membership, Power.MANAGE_CONNECTORS),
        **more,
    }


def _tabs(counts: Counts) -> list[tuple[str, str]]:
    first = "Tools" if counts.has_only_tools else "What it offers"
    return [("detail", first), *TABS]


def _tab(request: OrganizationRequest, connector: Connector, tab: str, **more: Any) -> HttpResponse:
    is_wrong = bool(getattr(more.get("form"), "errors", None))
    context = page_context(request, connector, tab, **more)
    return render(request, f"connectors/{tab}.html", context, status=400 if is_wrong else 200)


def _settings(request: OrganizationRequest, connector: Connector, **forms: Any) -> HttpResponse:
    initial = {
        name: getattr(connector, name) for name in ("name", "slug", "description", "icon", "url", "allow_internal")
    }
    context = {
        "basics": BasicsForm(initial=initial),
        "connection": ConnectionForm(initial=initial),
        "checks": ChecksForm(initial={"checks_arguments": connector.checks_arguments}),
        **forms,
    }
    page = page_context(request, connector, "settings", server_name=_server_name(connector), **context)
    return render(request, "connectors/settings.html", page, status=400 if forms else 200)


def _server_name(connector: Connector) -> str:
    """What the server calls itself, which nobody vouches for."""
    said = connector.server_info
    return " ".join(part for part in (said.get("title") or said.get("name"), said.get("version")) if part)
