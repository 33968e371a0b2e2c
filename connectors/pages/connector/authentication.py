"""A connector's tab Authentication: the secret that Harriet signs in with is entered, rotated and switched back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from connectors.actions.switch_secret_back import switch_secret_back
from connectors.actions.test_connection import test_connection
from connectors.inspect.findings import Finding, is_working, worst_of
from connectors.inspect.wide_scopes import wide_scopes
from connectors.models import Connector
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.connector.shared_account import is_unsigned, wanted_of
from connectors.pages.kept_findings import keep_findings
from connectors.pages.shared_forms import SavedCredential, credential_form, saved_credential, seen_version
from connectors.queries import connector_of
from connectors.way_back import KeptSecret, kept_secrets
from harriet.pages.context import show
from harriet.pages.forms import status_of
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.roles import Power
from vault.models import Credential, OAuthGrant
from vault.oauth.scope_words import ScopeWords
from vault.oauth.shared import is_for_everybody, shared_account
from vault.pages.credential_form import CredentialForm
from vault.queries import credential_of


@dataclass(frozen=True, slots=True)
class AuthenticationTab(ConnectorPage):
    template = "connectors/authentication.html"
    tab = "authentication"
    form: CredentialForm
    credential: Credential | None
    kept: list[KeptSecret]
    """The secrets before this one that can be switched back to."""

    @property
    def is_for_everybody(self) -> bool:
        """Calls are made with an account that an admin signs in with."""
        return self.credential is not None and is_for_everybody(self.credential)

    @property
    def account(self) -> OAuthGrant | None:
        return shared_account(self.credential) if self.credential is not None and self.is_for_everybody else None

    @property
    def wanted(self) -> str:
        """Scopes that the server wanted besides."""
        return " ".join(wanted_of(self.account))

    @property
    def wide(self) -> list[ScopeWords]:
        """Scopes that people are asked for, and that no tool of theirs needs."""
        return wide_scopes(self.connector, self.credential)


@needs_to_save(Power.MANAGE_CONNECTORS)
def authentication_tab(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = credential_form(request, connector)
    if (saved := saved_credential(request, connector, form)) is not None:
        _tell(request, connector, saved)
        return redirect("connectors:sign_in_for_everybody" if is_unsigned(pk) else "connectors:authentication", pk)
    page = AuthenticationTab(
        request, connector, form=form, credential=credential_of(pk), kept=kept_secrets(connector, timezone.now())
    )
    return show(request, page, status=status_of(form))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def switch_back_to_secret(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """At once, because calls may be failing; then it is tried, and the page says how that went."""
    connector = connector_of(request.organization, pk)
    number = seen_version(request, "version")
    switch_secret_back(connector, number=number, in_use=seen_version(request, "in_use"), actor=request.actor)
    findings, now = _tried(request, connector), "The secret before is in use again"
    if is_working(findings):
        messages.success(request, f"{now}, and the server works with it.")
    else:
        messages.error(request, f"{now}, but the server does not work with it: {worst_of(findings).sentence}")
    return redirect("connectors:authentication", pk)


def _tell(request: OrganizationRequest, connector: Connector, saved: SavedCredential) -> None:
    """Says what happened, and no more: green only for what the server was seen to work with."""
    if not saved.is_switched:
        messages.success(request, "The secret in use stayed as it was. Who looks after it, and how often, is saved.")
        return
    if saved.findings:
        keep_findings(request, connector, saved.findings)
    findings = saved.findings or _tried(request, connector)
    now = "Harriet signs in with nothing now" if credential_of(connector.pk) is None else "The new secret is in use"
    kept = next((f" The one before is kept until {one.until}." for one in kept_secrets(connector, timezone.now())), "")
    if is_working(findings):
        messages.success(request, f"{now}, and the server works with it.{kept}")
    elif worst_of(findings).kind == "attention":
        messages.warning(request, f"{now}, untested. {worst_of(findings).sentence}{kept}")
    else:
        said = worst_of(findings).sentence
        kept = "" if "kept until" in said else kept
        messages.error(request, f"{now}, untested, and the server does not work with it: {said}{kept}")


def _tried(request: OrganizationRequest, connector: Connector) -> list[Finding]:
    findings = test_connection(connector, actor=request.actor)
    keep_findings(request, connector, findings)
    return findings
