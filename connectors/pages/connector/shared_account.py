"""An admin signs in at a provider, once, with the account that all calls of a connector are made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from csp.decorators import csp_update
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from connectors.models import Connector
from connectors.queries import connector_of
from harriet.lib.errors import Problem
from harriet.pages.context import PageContext, show
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power
from vault.models import Credential, OAuthGrant
from vault.oauth.asking import missing_of
from vault.oauth.begin import begin
from vault.oauth.scope_words import ScopeWords, words_for
from vault.oauth.shared import is_for_everybody, shared_account
from vault.queries import credential_of


@dataclass(frozen=True, slots=True)
class SignInPage(PageContext):
    """Before the admin leaves for the provider."""

    template = "connectors/sign_in_for_everybody.html"
    active = "integrations"
    connector: Connector
    credential: Credential
    account: OAuthGrant | None
    problem: str

    @property
    def provider(self) -> str:
        client = self.credential.oauth_client
        return (
            urlsplit(str(client.metadata.get("authorization_endpoint") or client.issuer)).hostname or ""
            if client
            else ""
        )

    @property
    def scopes(self) -> Sequence[ScopeWords]:
        """What is asked for, with what the server has wanted besides."""
        return words_for(" ".join((self.credential.placement.get("scopes", ""), " ".join(wanted_of(self.account)))))


def is_unsigned(connector_id: UUID) -> bool:
    """An admin has to sign in before any call is made."""
    credential = credential_of(connector_id)
    if credential is None or not is_for_everybody(credential):
        return False
    account = shared_account(credential)
    return account is None or account.state != OAuthGrant.State.ACTIVE


def wanted_of(account: OAuthGrant | None) -> tuple[str, ...]:
    """What the server wanted of a shared account besides, and it lacks."""
    return missing_of(account, account.needed_scopes.split()) if account is not None else ()


@require_http_methods(["GET", "HEAD", "POST"])
@csp_update({"form-action": ["https:", "http:"]})  # type: ignore[untyped-decorator]
@needs(Power.MANAGE_CREDENTIALS)
def sign_in_for_everybody(request: OrganizationRequest, pk: UUID) -> HttpResponseBase:
    """Sends them to the provider, wherever it sends them on to: browsers hold a form to its rule through redirects."""
    connector = connector_of(request.organization, pk)
    credential = credential_of(connector.pk)
    if credential is None or not is_for_everybody(credential):
        raise NotFound("Calls of this connector are not made with an account that is shared.")
    problem = ""
    if request.method == "POST":
        try:
            return redirect(begin(connector.pk, credential, request.user))
        except Problem as found:
            problem = found.message
    page = SignInPage(connector, credential, shared_account(credential), problem)
    return show(request, page, status=400 if problem else 200)


@require_safe
@needs(Power.MANAGE_CREDENTIALS)
def signed_in_for_everybody(request: OrganizationRequest, pk: UUID) -> HttpResponseBase:
    """Where they go on: in the wizard, or on the connector's tab."""
    connector = connector_of(request.organization, pk)
    is_draft = connector.state == Connector.State.DRAFT
    return redirect("connectors:setup_access" if is_draft else "connectors:authentication", pk)
