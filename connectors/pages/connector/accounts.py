"""A connector's tab Connected people: who connected which account, ending that, and which accounts may be connected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors.accounts import credential_of_people, grants_at
from connectors.models import Connector
from connectors.pages.connector.page import ConnectorPage
from connectors.queries import connector_of
from harriet.pages.context import show
from harriet.pages.forms import attempt, status_of
from harriet.pages.keyset import page_after
from harriet.pages.links import link_with
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from vault.actions.end_grant import end_grant
from vault.actions.set_allowed_domains import set_allowed_domains
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.revocation import WORDS_FOR_ADMINS

ORDER = ("user__email", "pk")
STATES = {
    OAuthGrant.State.ACTIVE: ("ok", "Connected"),
    OAuthGrant.State.NEEDS_CONSENT: ("attention", "Has to connect again"),
    OAuthGrant.State.NEEDS_OPERATOR: ("attention", "Needs an admin"),
    OAuthGrant.State.UNKNOWN: ("attention", "Outcome unknown"),
    OAuthGrant.State.REVOKED: ("neutral", "Disconnected"),
}


class DomainsForm(forms.Form):
    allowed_domains = forms.CharField(
        label="Domains",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, for example acme.com. Leave it empty to allow any account. The service has to say which "
        "account somebody signed in with: one that doesn’t is refused while this is filled in.",
    )


@dataclass(frozen=True, slots=True)
class ConnectedRow:
    grant: OAuthGrant

    @property
    def state(self) -> tuple[str, str]:
        """Hue and word."""
        return STATES[OAuthGrant.State(self.grant.state)]


@dataclass(frozen=True, slots=True)
class AccountsTab(ConnectorPage):
    template = "connectors/accounts.html"
    tab = "accounts"
    credential: Credential | None
    """None where the connector's calls are not made with accounts of people."""
    rows: list[ConnectedRow]
    counted: list[tuple[str, int]]
    """By state, in words."""
    next: str
    is_first: bool
    form: DomainsForm

    @property
    def can_end(self) -> bool:
        return has_power(self.request.membership, Power.MANAGE_CREDENTIALS)


@needs_to_save(Power.MANAGE_CREDENTIALS)
def accounts_tab(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The form is for all connectors that the same registration serves."""
    connector = connector_of(request.organization, pk)
    credential = credential_of_people(connector)
    client = credential.oauth_client if credential else None
    given = {"allowed_domains": "\n".join(client.allowed_domains) if client else ""}
    form = DomainsForm(request.POST or None, initial=given)
    if client is not None and attempt(form, lambda given: _restrict(client, given, request)) is not None:
        return redirect("connectors:accounts", pk)
    return show(request, _page(request, connector, credential, form), status=status_of(form))


def _restrict(client: OAuthClient, given: dict[str, Any], request: OrganizationRequest) -> bool:
    words = given["allowed_domains"].replace(",", "\n").split()
    is_changed = set_allowed_domains(client, words, actor=request.actor)
    said = "Saved which accounts may be connected. What is connected already stays."
    messages.success(request, said if is_changed else "These accounts may be connected already. Nothing was changed.")
    return is_changed


def _page(
    request: OrganizationRequest, connector: Connector, credential: Credential | None, form: DomainsForm
) -> AccountsTab:
    cursor, grants = request.GET.get("after", ""), grants_at(connector)
    page = page_after(grants.select_related("user"), ORDER, cursor)
    counts = dict(grants.order_by().values_list("state").annotate(Count("pk")))
    return AccountsTab(
        request,
        connector,
        credential=credential,
        rows=[ConnectedRow(one) for one in page.rows],
        counted=[(word, counts[state]) for state, (_, word) in STATES.items() if counts.get(state)],
        next=link_with(request.GET, "after", page.after) if page.after else "",
        is_first=not cursor,
        form=form,
    )


@require_POST
@needs(Power.MANAGE_CREDENTIALS)
def end_account(request: OrganizationRequest, pk: UUID, grant_id: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    grant = grants_at(connector).select_related("user").filter(pk=grant_id).first()
    if grant is None:
        raise NotFound("There is no such connection here.")
    there = end_grant(grant, actor=request.actor)
    messages.success(request, f"{grant.user} is disconnected from {connector}. {WORDS_FOR_ADMINS[there]}")
    return redirect("connectors:accounts", pk)
