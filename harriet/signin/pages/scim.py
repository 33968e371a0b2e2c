"""The page SCIM: the address and the token for the organization's directory, and what the directory does here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show, show_once
from harriet.pages.counts import AtMost, at_most
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.issue_device_credential import LONGEST_DAYS
from harriet.people.actions.issue_scim_token import LONGEST_OVERLAP, issue_scim_token
from harriet.people.actions.make_once import Made
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.models import AccessToken
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.once import made_once, secret_of, shown_once
from harriet.people.permissions import has_power
from harriet.people.queries import or_not_found, tokens_of
from harriet.people.roles import Power
from harriet.signin.models import ScimGroup, ScimUser


class ScimTokenForm(forms.Form):
    name = forms.CharField(
        label="Name", max_length=80, initial="Our directory", help_text="Such as Entra ID or Okta: the log says it."
    )
    expires_in_days = forms.IntegerField(
        label="Expires after (days)", min_value=1, max_value=LONGEST_DAYS, initial=LONGEST_DAYS - 1
    )
    overlap_days = forms.IntegerField(
        label="Earlier tokens go on for (days)",
        min_value=0,
        max_value=LONGEST_OVERLAP,
        initial=7,
        help_text="Give the directory the new token within this time. With 0 they end at once.",
    )


@dataclass(frozen=True, slots=True)
class ScimPage(PageContext):
    template = "people/scim.html"
    active = "settings"
    tab = "scim"
    address: str
    tokens: QuerySet[AccessToken]
    people: AtMost
    groups: AtMost
    changed_at: datetime | None
    can_manage: bool


MOST_TOKENS = 100


@require_safe
@needs(Power.VIEW_SETTINGS)
def scim_page(request: OrganizationRequest) -> HttpResponse:
    described = ScimUser.objects.filter(organization=request.organization, deleted_at=None)
    page = ScimPage(
        address=f"{settings.BASE_URL}/scim/v2/{request.organization.slug}",
        tokens=_tokens(request)[:MOST_TOKENS],
        people=at_most(described),
        groups=at_most(ScimGroup.objects.filter(organization=request.organization)),
        changed_at=described.order_by("-modified_at").values_list("modified_at", flat=True).first(),
        can_manage=has_power(request.membership, Power.MANAGE_ORGANIZATION),
    )
    return show(request, page)


def _tokens(request: OrganizationRequest) -> QuerySet[AccessToken]:
    return tokens_of(request.organization).filter(kind=AccessToken.Kind.SCIM)


@dataclass(frozen=True, slots=True)
class NewScimTokenPage(PageContext):
    template = "people/scim_new.html"
    active = "settings"
    form: ScimTokenForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_ORGANIZATION)
def new_scim_token_page(request: OrganizationRequest) -> HttpResponse:
    form = ScimTokenForm(request.POST or None)
    made = attempt(form, lambda given: made_once(request, lambda: _issued(request, given)))
    if made is None:
        return show(request, NewScimTokenPage(form=form), status=status_of(form))
    return redirect("scim:issued", made.pk)


def _issued(request: OrganizationRequest, given: dict[str, Any]) -> Made:
    token, secret = issue_scim_token(request.organization, **given, actor=request.actor)
    return Made(token.pk, secret)


@dataclass(frozen=True, slots=True)
class ScimTokenIssuedPage(PageContext):
    template = "people/scim_issued.html"
    active = "settings"
    address: str
    token: AccessToken
    secret: Secret | None
    """None when it was shown before."""


@require_safe
@needs(Power.MANAGE_ORGANIZATION)
def scim_token_issued_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    row = shown_once(request, pk)
    token = or_not_found(_tokens(request).filter(pk=row.subject).first(), "There is no such token here.")
    address = f"{settings.BASE_URL}/scim/v2/{request.organization.slug}"
    return show_once(request, ScimTokenIssuedPage(address=address, token=token, secret=secret_of(request, row)))


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def revoke_scim_token(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    token = or_not_found(_tokens(request).filter(pk=pk).first(), "There is no such token here.")
    revoke_token(token, actor=request.actor)
    messages.success(request, f"{token.name} was revoked; the directory can’t use it any more.")
    return redirect("scim:settings")
