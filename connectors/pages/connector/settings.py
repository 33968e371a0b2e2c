"""A connector's tab Settings: its name, its address, its checks, and deleting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors.actions.delete_connector import delete_connector
from connectors.actions.save_basics import save_basics
from connectors.actions.set_argument_checks import set_argument_checks
from connectors.actions.set_identity_passing import set_identity_passing
from connectors.actions.test_connection import test_connection
from connectors.identity_keys import issuer_of
from connectors.inspect.findings import worst_of
from connectors.models import Connector
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.consequences import Consequences, consequences_of
from connectors.pages.forms import BasicsForm, ChecksForm, ConnectionForm, IdentityForm
from connectors.pages.kept_findings import keep_findings
from connectors.pages.moved_address import question_about_secret, saved_connection
from connectors.queries import connector_of
from harriet.pages.context import show
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power
from vault.queries import credential_of


@dataclass(frozen=True, slots=True)
class SettingsTab(ConnectorPage):
    template = "connectors/settings.html"
    tab = "settings"
    basics: BasicsForm
    connection: ConnectionForm
    checks: ChecksForm
    identity: IdentityForm
    key_set: str
    """Where a server finds the keys with which who calls is signed."""

    @property
    def server_name(self) -> str:
        """What the server calls itself, which nobody vouches for."""
        said = self.connector.server_info
        return " ".join(part for part in (said.get("title") or said.get("name"), said.get("version")) if part)


@needs(Power.VIEW_SETTINGS)
def settings_tab(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return _shown(request, pk)


def _shown(
    request: OrganizationRequest,
    pk: UUID,
    *,
    basics: BasicsForm | None = None,
    connection: ConnectionForm | None = None,
    checks: ChecksForm | None = None,
    identity: IdentityForm | None = None,
) -> HttpResponse:
    """The tab as it is saved, with the form that was sent when something was wrong with it."""
    connector = connector_of(request.organization, pk)
    page = SettingsTab(
        request,
        connector,
        basics=basics or BasicsForm(initial=_saved(connector, "name", "slug", "description", "icon")),
        connection=connection or ConnectionForm(initial=_saved(connector, "url", "allow_internal")),
        checks=checks or ChecksForm(initial=_saved(connector, "checks_arguments")),
        identity=identity or IdentityForm(initial=_saved(connector, *IdentityForm.base_fields)),
        key_set=f"{issuer_of(request.organization.slug)}/jwks",
    )
    return show(request, page, status=status_of(page.basics, page.connection, page.checks, page.identity))


def _saved(connector: Connector, *names: str) -> dict[str, Any]:
    return {name: getattr(connector, name) for name in names}


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def save_basics_of_connector(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector, form = connector_of(request.organization, pk), BasicsForm(request.POST)
    if attempt(form, lambda given: save_basics(connector, **given, actor=request.actor)) is None:
        return _shown(request, pk, basics=form)
    messages.success(request, "Saved.")
    return redirect("connectors:settings", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def save_connection_of_connector(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector, form = connector_of(request.organization, pk), ConnectionForm(request.POST)
    if (question := question_about_secret(request, connector, form)) is not None:
        return question
    had_secret = credential_of(connector.pk) is not None
    if not saved_connection(request, connector, form):
        return _shown(request, pk, connection=form)
    if had_secret and credential_of(connector.pk) is None:
        messages.warning(request, "The secret was saved for the old address and was removed. Enter it for the new one.")
        return redirect("connectors:authentication", pk)
    findings = test_connection(connector, actor=request.actor)
    keep_findings(request, connector, findings)
    if worst_of(findings).kind == "danger":
        messages.warning(request, "The address is saved, but no call will work: below is what was found there.")
    else:
        messages.success(request, "The address is saved, and the server answers there. Sync its tools next.")
    return redirect("connectors:settings", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def save_checks_of_connector(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector, form = connector_of(request.organization, pk), ChecksForm(request.POST)
    if attempt(form, lambda given: set_argument_checks(connector, **given, actor=request.actor)) is None:
        return _shown(request, pk, checks=form)
    messages.success(request, "Saved.")
    return redirect("connectors:settings", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def save_identity_of_connector(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector, form = connector_of(request.organization, pk), IdentityForm(request.POST)
    if attempt(form, lambda given: _save_identity(connector, given, request)) is None:
        return _shown(request, pk, identity=form)
    messages.success(request, "Saved: it holds for calls from now on.")
    return redirect("connectors:settings", pk)


def _save_identity(connector: Connector, given: dict[str, Any], request: OrganizationRequest) -> Connector:
    return set_identity_passing(
        connector,
        given["identity_kind"],
        given["identity_header"],
        given["identity_attribute"],
        refuses_local=given["identity_refuses_local"],
        actor=request.actor,
    )


@dataclass(frozen=True, slots=True)
class DeleteConnectorPage(ConnectorPage):
    template = "connectors/delete.html"
    tab = "settings"
    form: ConfirmForm
    consequences: Consequences


@needs(Power.MANAGE_CONNECTORS)
def delete_connector_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = ConfirmForm(connector.name, request.POST or None)

    def confirmed(_given: dict[str, Any]) -> bool:
        delete_connector(connector, actor=request.actor)
        return True

    name = connector.name
    if attempt(form, confirmed) is None:
        page = DeleteConnectorPage(request, connector, form=form, consequences=consequences_of(connector))
        return show(request, page, status=status_of(form))
    messages.success(request, f"{name} was deleted, with its tools and its credential.")
    return redirect("connectors:list")
