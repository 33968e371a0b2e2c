"""My AI, Connections: the services where calls are made with an account of one's own, and how each stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from connectors.accounts import Account, account_of, accounts_of, left_over_grants
from connectors.actions.ask_to_connect import settle_connecting
from harriet.console.me.grant_words import Standing, standing_of
from harriet.console.me.page import MyPage
from harriet.lib.errors import Problem
from harriet.pages.context import show
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.signin.models import IdentityProvider
from harriet.signin.provider_queries import exchangeable_providers
from vault.actions.agree_to_delegation import agree_to_delegation
from vault.actions.end_grant import end_grant
from vault.models import OAuthGrant
from vault.oauth.begin import begin
from vault.oauth.per_person import only_asks
from vault.oauth.revocation import WORDS
from vault.oauth.scope_words import ScopeWords, words_for


@dataclass(frozen=True, slots=True)
class AccountRow:
    account: Account

    @property
    def standing(self) -> Standing:
        return standing_of(self.account)


@dataclass(frozen=True, slots=True)
class ConnectionsPage(MyPage):
    template = "me/connections.html"
    tab = "connections"
    waiting: list[AccountRow]
    others: list[AccountRow]
    left_over: list[OAuthGrant]
    """No connector uses them any more."""


@in_organization
def my_connections_page(request: OrganizationRequest) -> HttpResponse:
    accounts = accounts_of(request.membership)
    rows = [AccountRow(one) for one in accounts]
    page = ConnectionsPage(
        waiting=[row for row in rows if row.account.is_waiting],
        others=[row for row in rows if not row.account.is_waiting],
        left_over=left_over_grants(request.membership, accounts),
    )
    return show(request, page)


@dataclass(frozen=True, slots=True)
class ConnectionPage(MyPage):
    template = "me/connection.html"
    tab = "connections"
    account: Account
    was_connected: bool
    """Just now."""
    also: list[str]
    """Other connectors whose calls go with the same account."""

    @property
    def standing(self) -> Standing:
        return standing_of(self.account)

    @property
    def scopes(self) -> Sequence[ScopeWords]:
        return words_for(self.account.grant.scopes) if self.account.grant else ()

    @property
    def needed(self) -> Sequence[ScopeWords]:
        """What the server wants besides."""
        return words_for(" ".join(self.account.needed))

    @property
    def missing(self) -> Sequence[ScopeWords]:
        """Asked for, and not given."""
        grant = self.account.grant
        if grant is None:
            return ()
        return words_for(" ".join(one for one in grant.asked_scopes.split() if one not in grant.scopes.split()))

    @property
    def provider(self) -> str:
        return provider_of(self.account)


@in_organization
def my_connection_page(request: OrganizationRequest, connector_id: UUID) -> HttpResponse:
    """Where calls lead that lack an account. It shows whoever is signed in what is theirs."""
    account = account_of(request.membership, connector_id)
    was_connected = "connected" in request.GET and account.is_connected
    return show(request, ConnectionPage(account, was_connected, _also(request, account)))


def _also(request: OrganizationRequest, account: Account) -> list[str]:
    grant = account.grant
    if grant is None:
        return []
    others = [one for one in accounts_of(request.membership) if one.grant is not None and one.grant.pk == grant.pk]
    return [one.connector.name for one in others if one.connector.pk != account.connector.pk]


@dataclass(frozen=True, slots=True)
class LeavePage(MyPage):
    """Before somebody leaves for the provider."""

    template = "me/connect_account.html"
    tab = "connections"
    account: Account
    problem: str

    @property
    def only_asks(self) -> bool:
        return only_asks(self.account.credential)

    @property
    def provider(self) -> str:
        return provider_of(self.account)

    @property
    def scopes(self) -> Sequence[ScopeWords]:
        """What is asked for, with what the server has wanted besides."""
        mine = str(self.account.credential.placement.get("scopes", ""))
        return words_for(" ".join((mine, *self.account.wanted)))

    @property
    def needed(self) -> Sequence[ScopeWords]:
        return words_for(" ".join(self.account.needed))

    @property
    def sign_ins(self) -> list[IdentityProvider]:
        """By which what is exchanged is kept; none for somebody who has connected an account instead."""
        organization = self.account.connector.organization_id
        return exchangeable_providers(organization) if self.account.is_by_sign_in else []

    @property
    def domains(self) -> list[str]:
        return list(self.account.client.allowed_domains) if self.account.client else []


def provider_of(account: Account) -> str:
    """The host where they sign in; empty before it is known."""
    if account.client is None:
        return ""
    address = account.client.metadata.get("authorization_endpoint") or account.client.issuer
    return urlsplit(str(address)).hostname or ""


@require_http_methods(["GET", "HEAD", "POST"])
@csp_update({"form-action": ["https:", "http:"]})  # type: ignore[untyped-decorator]
@in_organization
def connect_account_page(request: OrganizationRequest, connector_id: UUID) -> HttpResponseBase:
    """Sends them to the provider, wherever it sends them on to: browsers hold a form to its rule through redirects."""
    account = account_of(request.membership, connector_id)
    problem = ""
    if request.method == "POST" and not account.is_by_sign_in:
        try:
            return _sent_off(request, account)
        except Problem as found:
            problem = found.message
    return show(request, LeavePage(account, problem), status=400 if problem else 200)


def _sent_off(request: OrganizationRequest, account: Account) -> HttpResponseBase:
    """To the provider; or back, where saying yes is all that it needs."""
    if not only_asks(account.credential):
        return redirect(begin(account.connector.pk, account.credential, request.user))
    grant = agree_to_delegation(account.credential, request.user, actor=request.actor)
    settle_connecting(request.organization.pk, account.connector.pk, request.user.pk, actor=request.actor)
    messages.success(request, f"{account.connector} is connected as {grant.account}.")
    return redirect(f"{reverse('connections:detail', args=[account.connector.pk])}?connected=yes")


@require_POST
@in_organization
def disconnect_account(request: OrganizationRequest, connector_id: UUID) -> HttpResponse:
    account = account_of(request.membership, connector_id)
    if account.grant is None or account.grant.state == OAuthGrant.State.REVOKED:
        messages.info(request, f"{account.connector} was not connected.")
        return redirect("connections:detail", connector_id)
    _end(request, account.grant, account.connector.name)
    return redirect("connections:detail", connector_id)


@require_POST
@in_organization
def disconnect_left_over(request: OrganizationRequest, grant_id: UUID) -> HttpResponse:
    grants = {one.pk: one for one in left_over_grants(request.membership, accounts_of(request.membership))}
    grant = grants.get(grant_id)
    if grant is None:
        raise NotFound("This connection has ended already, or it is none of yours.")
    _end(request, grant, grant.client.name)
    return redirect("connections:list")


def _end(request: OrganizationRequest, grant: OAuthGrant, name: str) -> None:
    there = end_grant(grant, actor=request.actor)
    messages.success(request, f"{name} is disconnected: Harriet has erased its access. {WORDS[there]}")
