"""The wizard: four steps, each saved as it is left, and a last page with what to do next."""

from __future__ import annotations

from dataclasses import asdict
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from connectors.actions.activate_connector import activate_connector
from connectors.actions.add_sample import add_sample, is_sample_there
from connectors.actions.draft_connector import draft_connector
from connectors.actions.replace_secret import is_replacing, replace_secret
from connectors.actions.save_access import save_access
from connectors.actions.save_authentication import check_entered_for, save_authentication
from connectors.actions.save_basics import save_basics
from connectors.actions.sync_connector import summary_of, sync_connector
from connectors.actions.test_connection import test_connection
from connectors.counts import enabled_words
from connectors.errors import ConnectorError
from connectors.models import Connector
from connectors.pages.catalogue import PRESETS, preset_named
from connectors.pages.forms import AccessForm, BasicsForm, ConnectionForm, SnippetForm
from connectors.pages.kept_findings import keep_findings, keep_prefill, kept_findings, kept_prefill
from connectors.pages.moved_address import question_about_secret, save_connection_form
from connectors.pages.snippets import read_snippet
from connectors.queries import connector_of, counts_of, last_sync_of
from connectors.sync_remarks import remarks_of
from connectors.wizard_steps import ACCESS, AUTHENTICATION, BASICS, CONNECTION, DONE, SAVE, STEPS, is_reached
from harriet.lib.errors import Problem
from harriet.pages.forms import attempt
from harriet.people.names import slug_from
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power
from vault.pages.credential_form import CredentialForm
from vault.queries import credential_of
from vault.types.registry import NO_CREDENTIAL_TYPE


@needs(Power.MANAGE_CONNECTORS)
def new(request: OrganizationRequest) -> HttpResponse:
    """The catalogue, and the first step; a preset or a pasted configuration that the address names fills it in.

    Nothing else does: what another visit left behind would send one company's key to another's host.
    """
    preset = preset_named(request.GET.get("preset", ""))
    if preset is not None:
        prefill = {name: getattr(preset, name) for name in ("name", "description", "url")}
    else:
        prefill = kept_prefill(request, request.GET.get("from", ""))
    form = BasicsForm(request.POST or None, initial=prefill)
    made = attempt(form, lambda given: draft_connector(request.organization, **_basics(given), actor=request.actor))
    if made is None:
        return _first(request, form, SnippetForm(), preset=preset)
    if prefill:
        keep_prefill(request, str(made.pk), prefill)
    return redirect("connectors:setup_connection", made.pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def paste(request: OrganizationRequest) -> HttpResponse:
    form = SnippetForm(request.POST)
    read = attempt(form, lambda given: read_snippet(given["snippet"]))
    if read is None:
        form.data = {}  # what was pasted may hold a secret: it is not written back
        return _first(request, BasicsForm(), form)
    key = token_urlsafe(9)
    keep_prefill(request, key, asdict(read))
    return redirect(f"{reverse('connectors:new')}?from={key}")


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def sample(request: OrganizationRequest) -> HttpResponse:
    connector = add_sample(request.organization, actor=request.actor)
    return redirect("connectors:ready", connector.pk)


@needs(Power.MANAGE_CONNECTORS)
def resume(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The first step that is still to do."""
    connector = connector_of(request.organization, pk)
    if connector.wizard_step == DONE:
        return redirect("connectors:detail", pk)
    step = ACCESS if connector.wizard_step == SAVE else connector.wizard_step
    return redirect(f"connectors:setup_{step}", pk)


@needs(Power.MANAGE_CONNECTORS)
def basics(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = _draft(request, pk, BASICS)
    initial = {name: getattr(connector, name) for name in ("name", "slug", "description", "icon")}
    form = BasicsForm(request.POST or None, initial=initial)
    if attempt(form, lambda given: save_basics(connector, **_basics(given), actor=request.actor)) is None:
        return _page(request, connector, BASICS, form)
    return redirect("connectors:setup_connection", pk)


@needs(Power.MANAGE_CONNECTORS)
def connection(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Saves, then tries the server: what was found is shown here, or beside the next step when it works."""
    connector = _draft(request, pk, CONNECTION)
    form = ConnectionForm(
        request.POST or None,
        initial={
            "url": connector.url or kept_prefill(request, str(connector.pk)).get("url", ""),
            "allow_internal": connector.allow_internal,
        },
    )
    if (question := question_about_secret(request, connector, form)) is not None:
        return question
    if save_connection_form(form, connector, request) is None:
        return _page(request, connector, CONNECTION, form)
    findings = test_connection(connector, actor=request.actor)
    keep_findings(request, connector, findings)
    is_broken = any(finding.kind == "danger" for finding in findings)
    if is_broken or "test" in request.POST:
        return redirect("connectors:setup_connection", pk)
    return redirect("connectors:setup_authentication", pk)


@needs(Power.MANAGE_CONNECTORS)
def authentication(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = _draft(request, pk, AUTHENTICATION)
    form = credential_form(request, connector)
    if not save_credential_form(form, connector, request):
        return _page(request, connector, AUTHENTICATION, form)
    findings = test_connection(connector, actor=request.actor)
    keep_findings(request, connector, findings)
    if "test" in request.POST or any(finding.kind == "danger" for finding in findings):
        return redirect("connectors:setup_authentication", pk)
    return redirect("connectors:setup_access", pk)


@needs(Power.MANAGE_CONNECTORS)
def access(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The last step saves, activates and syncs."""
    connector = _draft(request, pk, ACCESS)
    form = AccessForm.of(connector, request.POST or None)
    if attempt(form, lambda given: save_access_form(form, connector, request)) is None:
        return _page(request, connector, ACCESS, form)
    if "later" in request.POST:
        messages.success(request, f"The draft of {connector} was saved. It is in the list when you come back.")
        return redirect("connectors:list")
    activate_connector(connector, actor=request.actor)
    sync_connector(connector, actor=request.actor)
    return redirect("connectors:ready", pk)


@needs(Power.MANAGE_CONNECTORS)
def ready(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    if connector.state == Connector.State.DRAFT:
        return redirect("connectors:setup", pk)
    run = last_sync_of(connector)
    context = {
        "active": "integrations",
        "connector": connector,
        "run": run,
        "counts": counts_of(connector),
        "enabled": enabled_words(counts_of(connector)),
        "summary": summary_of(run) if run and run.is_success else "",
        "remarks": remarks_of(run, 20),
    }
    return render(request, "connectors/ready.html", context)


def credential_form(request: OrganizationRequest, connector: Connector) -> CredentialForm:
    """Preselects what the last test found: without a demand for a credential, none."""
    credential = credential_of(connector.id)
    initial: dict[str, Any] = {"owner": request.user.pk}
    if credential is None and not _asked_for_credential(request, connector):
        initial["type"] = NO_CREDENTIAL_TYPE
    return CredentialForm(
        request.POST or None,
        organization=request.organization,
        credential=credential,
        is_replacing=is_replacing(connector),
        initial=initial,
    )


def save_credential_form(form: CredentialForm, connector: Connector, request: OrganizationRequest) -> bool:
    if not form.is_bound or not form.is_valid():
        return False
    username, placement = form.entered
    fields: dict[str, Any] = {
        "type": form.cleaned_data["type"],
        "username": username,
        "placement": placement,
        "owner": form.cleaned_data["owner"],
        "rotate_every_days": form.cleaned_data["rotate_every_days"],
        "actor": request.actor,
    }
    secret = None if form.is_kept else form.cleaned_data["secret"]
    try:
        check_entered_for(connector, request.POST.get("address", connector.url))
        if secret is not None and fields["type"] != NO_CREDENTIAL_TYPE and is_replacing(connector):
            replace_secret(connector, secret=secret, is_untested=form.cleaned_data["untested"], **fields)
        else:
            save_authentication(connector, secret=secret, **fields)
    except Problem as problem:
        form.add_problem(problem)
        return False
    return True


def save_access_form(form: AccessForm, connector: Connector, request: OrganizationRequest) -> Connector:
    return save_access(
        connector,
        groups=form.cleaned_data["groups"],
        roles=form.chosen_roles,
        requires_confirmation=form.cleaned_data["requires_confirmation"],
        actor=request.actor,
    )


def _basics(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "slug": given["slug"] or slug_from(given["name"], fallback="connector", longest=40)}


def _asked_for_credential(request: OrganizationRequest, connector: Connector) -> bool:
    findings = kept_findings(request, connector)
    return any(finding["title"] == "Authentication" and finding["kind"] != "ok" for finding in findings)


def _draft(request: OrganizationRequest, pk: UUID, step: str) -> Connector:
    connector = connector_of(request.organization, pk)
    if connector.state != Connector.State.DRAFT:
        raise ConnectorError(f"{connector} is set up already. Change it on its own page.")
    if not is_reached(connector, step):
        raise ConnectorError("Finish the earlier steps first; the draft is in the list of integrations.")
    return connector


def _first(request: OrganizationRequest, form: BasicsForm, snippet: SnippetForm, **more: Any) -> HttpResponse:
    is_wrong = bool(form.errors or snippet.errors)
    page = _page(request, None, BASICS, form, snippet=snippet, presets=PRESETS, has_sample=is_sample_there(), **more)
    page.status_code = 400 if is_wrong else 200
    return page


def _page(request: OrganizationRequest, connector: Connector | None, step: str, form: Any, **more: Any) -> HttpResponse:
    """One step, with the stepper above and what is known so far beside it."""
    steps = [
        {
            "key": key,
            "label": label,
            "is_current": key == step,
            "is_done": connector is not None and is_reached(connector, key) and key != connector.wizard_step,
            "is_open": connector is not None and is_reached(connector, key),
        }
        for key, label in STEPS
    ]
    findings = kept_findings(request, connector) if connector else []
    context = {
        "active": "integrations",
        "connector": connector,
        "step": step,
        "steps": steps,
        "form": form,
        "findings": findings,
        "works": bool(findings) and all(finding["kind"] != "danger" for finding in findings),
        "credential": credential_of(connector.id) if connector else None,
        **more,
    }
    return render(request, f"connectors/wizard_{step}.html", context, status=400 if form.errors else 200)
