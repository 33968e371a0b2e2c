"""One identity provider: what it has to know, what Harriet has to know, trying it, switching it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.people.errors import NotFound
from harriet.people.models import Group
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power, Role
from harriet.people.sends_mail import sends_mail
from harriet.signin.actions.begin_sign_in import begin_sign_in
from harriet.signin.actions.finish_sign_in import answer_of
from harriet.signin.actions.let_people_go import LetGo
from harriet.signin.actions.save_provider import (
    ClaimNames,
    note_tested,
    save_claims,
    save_oidc,
    save_saml,
)
from harriet.signin.actions.set_mapping import add_mapping, remove_mapping
from harriet.signin.actions.switch_provider import remove_provider, switch_provider
from harriet.signin.addresses import Addresses, addresses_of
from harriet.signin.claims import Claims
from harriet.signin.mapping import meaning_of
from harriet.signin.models import ClaimMapping, IdentityProvider, SignInAttempt
from harriet.signin.pages.provider_forms import ClaimsForm, MappingForm, OidcForm, SamlForm
from harriet.signin.pages.provider_session import is_kept, keep_attempt
from harriet.signin.provider_queries import (
    Known,
    certificate_dates,
    is_verified,
    known_by,
    mapped_of,
    mappings_of,
    provider_of,
    rule_of,
)


@dataclass(frozen=True, slots=True)
class ProviderPage(PageContext):
    template = "signin/provider.html"
    active = "settings"
    provider: IdentityProvider
    addresses: Addresses
    is_saml: bool
    settings_form: OidcForm | SamlForm
    claims_form: ClaimsForm
    mapping_form: MappingForm
    remove_form: ConfirmForm
    mappings: QuerySet[ClaimMapping]
    certificates_end: list[datetime]
    known: Known
    session_hours: int
    is_required: bool
    client_hours: int
    sends_mail: bool


@dataclass(frozen=True, slots=True)
class TestedPage(PageContext):
    template = "signin/tested.html"
    active = "settings"
    provider: IdentityProvider
    claims: Claims
    is_verified: bool
    groups: list[str]
    leaves: list[str]
    """Groups that come from the provider and that this person would not be in."""
    role: str
    """Empty: the provider says nothing about roles."""


@require_safe
@needs(Power.MANAGE_ORGANIZATION)
def provider_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return _shown(request, provider_of(request.organization, pk))


def _shown(
    request: OrganizationRequest,
    provider: IdentityProvider,
    *,
    settings_form: OidcForm | SamlForm | None = None,
    claims_form: ClaimsForm | None = None,
    mapping_form: MappingForm | None = None,
    remove_form: ConfirmForm | None = None,
) -> HttpResponse:
    is_saml, rule = provider.kind == IdentityProvider.Kind.SAML, rule_of(request.organization)
    page = ProviderPage(
        provider=provider,
        addresses=addresses_of(provider.pk),
        is_saml=is_saml,
        settings_form=settings_form or (SamlForm(auto_id="saml_%s") if is_saml else OidcForm.of(provider)),
        claims_form=claims_form or ClaimsForm.of(provider),
        mapping_form=mapping_form or MappingForm(request.organization, auto_id="mapping_%s"),
        remove_form=remove_form or ConfirmForm(provider.name),
        mappings=mappings_of(provider),
        certificates_end=certificate_dates(provider) if is_saml else [],
        known=known_by(provider),
        session_hours=rule.session_hours,
        is_required=rule.is_enforced,
        client_hours=rule.client_hours,
        sends_mail=sends_mail(),
    )
    status = status_of(page.settings_form, page.claims_form, page.mapping_form, page.remove_form)
    return show(request, page, status=status)


@require_POST
@sensitive_post_parameters("secret")
@needs(Power.MANAGE_ORGANIZATION)
def save_settings(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    provider = provider_of(request.organization, pk)
    if provider.kind == IdentityProvider.Kind.SAML:
        saml = SamlForm(request.POST, auto_id="saml_%s")
        saved = attempt(saml, lambda given: save_saml(provider, given["metadata"], actor=request.actor))
        form: OidcForm | SamlForm = saml
    else:
        form = OidcForm(request.POST, auto_id="oidc_%s")
        saved = attempt(form, lambda given: _save_oidc(request, provider, given))
    if saved is None:
        return _shown(request, provider, settings_form=form)
    messages.success(request, "The settings are saved, and the provider answered. Try a sign-in now.")
    return redirect("sign_in:provider", pk)


def _save_oidc(request: OrganizationRequest, provider: IdentityProvider, given: dict[str, Any]) -> IdentityProvider:
    secret = Secret(given["secret"]) if given["secret"] else None
    return save_oidc(
        *(provider, given["issuer"], given["client_id"], secret, given["scopes"]),
        renews_sign_ins=given["renews_sign_ins"],
        actor=request.actor,
    )


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def save_these_claims(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    provider, form = provider_of(request.organization, pk), ClaimsForm(request.POST, auto_id="claims_%s")
    if attempt(form, lambda given: save_claims(provider, ClaimNames(**given), actor=request.actor)) is None:
        return _shown(request, provider, claims_form=form)
    messages.success(request, "Saved. It holds from each person’s next sign-in on.")
    return redirect("sign_in:provider", pk)


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def add_this_mapping(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    provider = provider_of(request.organization, pk)
    form = MappingForm(request.organization, request.POST, auto_id="mapping_%s")
    if attempt(form, lambda given: add_mapping(provider, **given, actor=request.actor)) is None:
        return _shown(request, provider, mapping_form=form)
    messages.success(request, "Mapped. It holds from each person’s next sign-in on.")
    return redirect("sign_in:provider", pk)


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def remove_this_mapping(request: OrganizationRequest, pk: UUID, mapping_pk: UUID) -> HttpResponse:
    mapping = mappings_of(provider_of(request.organization, pk)).select_related("provider__organization", "group")
    found = mapping.filter(pk=mapping_pk).first()
    if found is None:
        raise NotFound("There is no such mapping here.")
    remove_mapping(found, actor=request.actor)
    messages.success(request, "Taken back. People keep what it gave them until somebody takes it from them.")
    return redirect("sign_in:provider", pk)


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def switch_this_provider(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    provider, is_on = provider_of(request.organization, pk), request.POST.get("to") == "on"
    switch_provider(provider, is_on, actor=request.actor)
    off = f"{provider.name} is off. Whoever was signed in through it is signed out, and nobody’s clients were stopped."
    messages.success(request, f"{provider.name} is on: people can sign in through it." if is_on else off)
    return redirect("sign_in:provider", pk)


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def remove_this_provider(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    provider = provider_of(request.organization, pk)
    form = ConfirmForm(provider.name, request.POST)
    gone = attempt(form, lambda _: remove_provider(provider, actor=request.actor))
    if gone is None:
        return _shown(request, provider, remove_form=form)
    messages.success(request, f"{provider.name} was removed. {_of_people(gone)}")
    return redirect("sign_in:list")


def _of_people(gone: LetGo) -> str:
    known = "1 person is" if gone.people == 1 else f"{gone.people} people are"
    if not gone.ended:
        return f"{known} known by it no more."
    were = "1 of them, who" if gone.ended == 1 else f"{gone.ended} of them, who"
    return (
        f"{known} known by it no more; {were} waited for a sign-in, {'has' if gone.ended == 1 else 'have'} no access "
        "until somebody activates them under People."
    )


@require_safe
@needs(Power.MANAGE_ORGANIZATION)
def test_sign_in(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """A way to the provider and back that changes nothing: the owner stays signed in as themselves."""
    begun = begin_sign_in(provider_of(request.organization, pk), tester=request.user)
    keep_attempt(request, begun.attempt)
    return redirect(begun.url)


@require_safe
@needs(Power.MANAGE_ORGANIZATION)
def tested_page(request: OrganizationRequest, pk: UUID, attempt_pk: UUID) -> HttpResponse:
    """What came back, and what it would mean."""
    provider = provider_of(request.organization, pk)
    tried = SignInAttempt.objects.filter(pk=attempt_pk, provider=provider, is_test=True, begun_by=request.user).first()
    if tried is None or not is_kept(request, tried):
        raise NotFound("There is no such test of yours. Begin a new one.")
    claims = answer_of(tried).claims
    note_tested(provider)
    meaning = meaning_of(claims.groups, mapped_of(provider))
    moved = Group.objects.filter(organization=request.organization, pk__in={*meaning.add, *meaning.remove})
    names = dict(moved.values_list("pk", "name"))
    page = TestedPage(
        provider=provider,
        claims=claims,
        is_verified=bool(claims.email) and is_verified(request.organization, claims.email),
        groups=sorted(names[pk] for pk in meaning.add if pk in names),
        leaves=sorted(names[pk] for pk in meaning.remove if pk in names),
        role=Role(meaning.role).label if meaning.role else "",
    )
    return show(request, page)
