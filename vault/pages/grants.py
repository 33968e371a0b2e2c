"""Every connected account: whose, where, how it stands and what its provider last answered. Never a token."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from harriet.pages.context import PageContext, show
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from vault.actions.end_grant import end_grant
from vault.actions.refresh_grant import refresh_grant
from vault.errors import CredentialNotFound, VaultError
from vault.models import OAuthGrant
from vault.oauth.lease import OUTCOME_UNKNOWN
from vault.oauth.lifetimes import NO_END
from vault.oauth.revocation import There
from vault.pages.grant_words import GrantWords, words_of
from vault.queries import grants_of

State = OAuthGrant.State
_WAITS = Q(failures__gt=0) & ~Q(state_reason__in=("", OUTCOME_UNKNOWN))
"""For an admin, as `waits_for_operator` has it."""
FILTERS = (
    Filter("", "All", Q()),
    Filter("connected", "Connected", Q(state=State.ACTIVE)),
    Filter("again", "To be connected again", Q(state__in=(State.NEEDS_CONSENT, State.UNKNOWN))),
    Filter("unknown", "Outcome unknown", Q(state=State.UNKNOWN)),
    Filter("failing", "Renewal fails", Q(state=State.ACTIVE, failures__gt=0)),
    Filter("admin", "Needs an admin", Q(state=State.ACTIVE) & (~Q(client__problem="") | _WAITS)),
    Filter("shared", "Shared accounts", Q(user=None)),
    Filter("ended", "Disconnected", Q(state=State.REVOKED)),
)
GRANTS = Table(
    key="grants",
    columns=(
        Column("whose", "Whose", sort="user__email"),
        Column("provider", "Provider", sort="client__name"),
        Column("account", "Account", sort="account", is_optional=True),
        Column("state", "State"),
        Column("renewal", "Next renewal", sort="next_refresh_at", is_optional=True),
        Column("answer", "Last answer", is_optional=True),
        Column("used", "Last used", sort="last_used_at", is_optional=True),
        Column("connected", "Connected", sort="granted_at", is_optional=True),
    ),
    order="-connected",
)
_THERE = {
    There.CONFIRMED: "The provider confirmed that it ended there, too.",
    There.NO_WAY: "The provider has no address where it could be ended: its person removes Harriet in their account.",
    There.REFUSED: "The provider refused to end it there: its person removes Harriet in their account.",
    There.NO_ANSWER: "The provider didn't answer; Harriet asks it again.",
    There.NOTHING: "There was no token that the provider could have ended.",
}


@dataclass(frozen=True, slots=True)
class GrantRow:
    grant: OAuthGrant
    words: GrantWords


@dataclass(frozen=True, slots=True)
class GrantsPage(PageContext):
    template = "vault/grants.html"
    active = "vault"
    table: Listed[OAuthGrant]
    rows: list[GrantRow]
    text: str
    show: str
    is_empty: bool


@dataclass(frozen=True, slots=True)
class GrantPage(PageContext):
    template = "vault/grant.html"
    active = "vault"
    grant: OAuthGrant
    words: GrantWords
    can_change: bool

    @property
    def is_endless(self) -> bool:
        return self.grant.access_expires_at == NO_END


@needs(Power.VIEW_SETTINGS)
def grants_page(request: OrganizationRequest) -> HttpResponse:
    text, chips = request.GET.get("q", "").strip()[:100], Chips(FILTERS, request.GET)
    everything, now = grants_of(request.organization.pk), timezone.now()
    names = Q(user__email__icontains=text) | Q(account__icontains=text) | Q(client__name__icontains=text)
    found = everything.filter(names) if text else everything
    table = listed_for(request, GRANTS, chips.narrowed(found), chips=chips.shown(found))
    rows = [GrantRow(grant, words_of(grant, now)) for grant in table.rows]
    is_empty = not rows and not everything.exists()
    return show(request, GrantsPage(table, rows, text, chips.chosen.key, is_empty))


@needs(Power.VIEW_SETTINGS)
def grant_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    grant = _grant(request, pk)
    can_change = has_power(request.membership, Power.MANAGE_CREDENTIALS)
    return show(request, GrantPage(grant, words_of(grant, timezone.now()), can_change))


@require_POST
@needs(Power.MANAGE_CREDENTIALS)
def renew_grant(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    before = _grant(request, pk)
    try:
        after = refresh_grant(before, actor=request.actor)
    except VaultError as problem:
        messages.error(request, problem.message)
        return redirect("vault:grant", pk)
    if after.generation > before.generation:
        messages.success(request, f"{after.client.name} renewed it just now.")
    else:
        messages.error(request, f"It was not renewed. {after.last_answer}")
    return redirect("vault:grant", pk)


@require_POST
@needs(Power.MANAGE_CREDENTIALS)
def disconnect_grant(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    grant = _grant(request, pk)
    there = end_grant(grant, actor=request.actor)
    messages.success(request, f"Disconnected: its tokens are erased here. {_THERE[there]}")
    return redirect("vault:grant", pk)


def _grant(request: OrganizationRequest, pk: UUID) -> OAuthGrant:
    grant = grants_of(request.organization.pk).filter(pk=pk).first()
    if grant is None:
        raise CredentialNotFound("There is no such connected account here.")
    return grant
