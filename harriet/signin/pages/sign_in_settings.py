"""How people sign in: the providers, the domains, and whether single sign-on is required."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from connectors.actions.replace_identity_key import replace_identity_key
from connectors.identity_keys import issuer_of, newest_identity_key
from connectors.models import IdentityKey
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.errors import NotFound
from harriet.people.models import SignInRule
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.queries import person_of
from harriet.people.roles import Power
from harriet.signin.actions.save_provider import add_provider
from harriet.signin.actions.separate_identity import separate_identity
from harriet.signin.actions.set_sign_in_rule import set_sign_in_rule
from harriet.signin.actions.verify_domain import add_domain, remove_domain, verify_domain
from harriet.signin.domain_proof import FILE, TXT_NAME
from harriet.signin.models import Domain, IdentityProvider
from harriet.signin.pages.provider_forms import DomainForm, NewProviderForm, RuleForm
from harriet.signin.provider_queries import domains_of, providers_of, rule_of


@dataclass(frozen=True, slots=True)
class ShownDomain:
    """A domain, and where its proof may stand."""

    row: Domain

    @property
    def txt_name(self) -> str:
        return TXT_NAME.format(self.row.name)

    @property
    def file(self) -> str:
        return FILE.format(self.row.name)


@dataclass(frozen=True, slots=True)
class SignInPage(PageContext):
    template = "signin/settings.html"
    active = "settings"
    providers: QuerySet[IdentityProvider]
    domains: list[ShownDomain]
    rule: SignInRule
    rule_form: RuleForm
    domain_form: DomainForm
    can_manage: bool
    identity_key: IdentityKey | None
    """With which servers are told who calls; None while none is told so by a signed token."""
    key_set: str


@dataclass(frozen=True, slots=True)
class NewProviderPage(PageContext):
    template = "signin/provider_new.html"
    active = "settings"
    form: NewProviderForm


@require_safe
@needs(Power.VIEW_SETTINGS)
def sign_in_page(request: OrganizationRequest) -> HttpResponse:
    return _shown(request)


def _shown(
    request: OrganizationRequest, *, rule_form: RuleForm | None = None, domain_form: DomainForm | None = None
) -> HttpResponse:
    rule = rule_of(request.organization)
    page = SignInPage(
        providers=providers_of(request.organization),
        domains=[ShownDomain(row) for row in domains_of(request.organization)],
        rule=rule,
        rule_form=rule_form or RuleForm.of(rule),
        domain_form=domain_form or DomainForm(auto_id="domain_%s"),
        can_manage=has_power(request.membership, Power.MANAGE_ORGANIZATION),
        identity_key=newest_identity_key(request.organization.pk),
        key_set=f"{issuer_of(request.organization.slug)}/jwks",
    )
    return show(request, page, status=status_of(page.rule_form, page.domain_form))


@needs(Power.MANAGE_ORGANIZATION)
def new_provider_page(request: OrganizationRequest) -> HttpResponse:
    form = NewProviderForm(request.POST or None)
    made = attempt(form, lambda given: add_provider(request.organization, **given, actor=request.actor))
    if made is None:
        return show(request, NewProviderPage(form=form), status=status_of(form))
    messages.success(request, f"{made.name} was added. It is off until you switch it on.")
    return redirect("sign_in:provider", made.pk)


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def save_rule(request: OrganizationRequest) -> HttpResponse:
    form = RuleForm(request.organization, request.POST, auto_id="rule_%s")
    if attempt(form, lambda given: set_sign_in_rule(request.organization, **given, actor=request.actor)) is None:
        return _shown(request, rule_form=form)
    messages.success(request, "How people sign in is saved. The owners are told.")
    return redirect("sign_in:list")


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def add_this_domain(request: OrganizationRequest) -> HttpResponse:
    form = DomainForm(request.POST, auto_id="domain_%s")
    domain = attempt(form, lambda given: add_domain(request.organization, given["name"], actor=request.actor))
    if domain is None:
        return _shown(request, domain_form=form)
    messages.success(request, f"{domain.name} was added. Publish the proof, then let Harriet look for it.")
    return redirect("sign_in:list")


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def verify_this_domain(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    domain = verify_domain(_domain(request, pk), actor=request.actor)
    if domain.verified_at and not domain.problem:
        messages.success(request, f"{domain.name} is verified.")
    else:
        messages.warning(request, f"The proof for {domain.name} was not found. {domain.problem}")
    return redirect("sign_in:list")


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def remove_this_domain(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    domain = _domain(request, pk)
    remove_domain(domain, actor=request.actor)
    messages.success(request, f"{domain.name} was removed. People who came by it stay.")
    return redirect("sign_in:list")


def _domain(request: OrganizationRequest, pk: UUID) -> Domain:
    found = domains_of(request.organization).select_related("organization").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such domain here.")
    return found


@require_POST
@needs(Power.MANAGE_PEOPLE)
def separate_this_person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    person = person_of(request.organization, pk)
    separate_identity(person, actor=request.actor)
    messages.success(request, f"{person.user} is a local account again, until their next sign-in through the provider.")
    return redirect("people:detail", pk)


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def replace_this_key(request: OrganizationRequest) -> HttpResponse:
    replace_identity_key(request.organization, actor=request.actor)
    messages.success(request, "Another key signs who calls from now on. Servers read it by themselves.")
    return redirect("sign_in:list")
