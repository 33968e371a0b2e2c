"""A connector's tab Authentication: the secret that Harriet signs in with is entered, replaced and switched back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors.actions.switch_secret_back import switch_secret_back
from connectors.actions.test_connection import test_connection
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.kept_findings import keep_findings
from connectors.pages.shared_forms import credential_form, saved_credential
from connectors.queries import connector_of
from harriet.pages.context import show
from harriet.pages.forms import status_of
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.roles import Power
from vault.models import Credential, CredentialVersion
from vault.pages.credential_form import CredentialForm
from vault.queries import credential_of, previous_version


@dataclass(frozen=True, slots=True)
class AuthenticationTab(ConnectorPage):
    template = "connectors/authentication.html"
    tab = "authentication"
    form: CredentialForm
    credential: Credential | None

    @property
    def previous(self) -> CredentialVersion | None:
        """The secret before this one, while it is kept."""
        return previous_version(self.credential) if self.credential else None


@needs_to_save(Power.MANAGE_CONNECTORS)
def authentication_tab(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = credential_form(request, connector)
    if saved_credential(request, connector, form):
        keep_findings(request, connector, test_connection(connector, actor=request.actor))
        messages.success(request, "Saved, and tried at once. Below is what the server said.")
        return redirect("connectors:authentication", pk)
    page = AuthenticationTab(request, connector, form=form, credential=credential_of(pk))
    return show(request, page, status=status_of(form))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def switch_back_to_secret(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    switch_secret_back(connector, actor=request.actor)
    keep_findings(request, connector, test_connection(connector, actor=request.actor))
    messages.success(
        request, "The secret before is in use again, and was tried at once. Below is what the server said."
    )
    return redirect("connectors:authentication", pk)
