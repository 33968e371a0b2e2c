"""Signing in through an identity provider: finding it, going there, coming back; and what it asks of us by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from harriet.pages.context import PageContext, show
from harriet.pages.forms import status_of
from harriet.people.errors import NotFound, PeopleError
from harriet.people.models import Membership, Organization, User
from harriet.people.queries import has_lapsed
from harriet.signin.actions.begin_sign_in import begin_sign_in
from harriet.signin.actions.end_by_provider import end_by_provider
from harriet.signin.actions.finish_sign_in import NeedsProof, answer_of, finish_sign_in
from harriet.signin.actions.take_provider_answer import attempt_with, take_assertion, take_code
from harriet.signin.actions.tell_of_closed_way import tell_of_closed_way
from harriet.signin.addresses import addresses_of
from harriet.signin.attempts import may_ask_provider
from harriet.signin.errors import SignInRefused
from harriet.signin.models import IdentityProvider, SignInAttempt
from harriet.signin.pages.provider_session import is_kept, keep_attempt, safe_path, sign_in
from harriet.signin.provider_queries import (
    active_provider,
    active_providers_in,
    any_provider,
    providers_for_email,
    rule_of,
)
from harriet.signin.saml.metadata import our_metadata
from harriet.signin.saml.response import NOT_ASKED
from harriet.signin.session_keys import PROVING

View = Callable[..., HttpResponse]
_TOO_MANY = "Too many sign-ins began from here in a minute. Wait a moment and try again."
NO_PROVIDER = "This sign-in was switched off or never existed. Begin at the sign-in page."


@dataclass(frozen=True, slots=True)
class RefusedPage(PageContext):
    template = "signin/refused.html"
    sentence: str


@dataclass(frozen=True, slots=True)
class LinkPage(PageContext):
    template = "signin/link.html"
    attempt: SignInAttempt
    email: str
    is_signed_in: bool
    """As the person whose account it is."""
    other: str
    """Who else is signed in here; empty for nobody."""


@dataclass(frozen=True, slots=True)
class ClosedPage(PageContext):
    template = "signin/closed.html"
    organization: Organization


class EmailForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address",
        help_text="The one that you have at work.",
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )


@dataclass(frozen=True, slots=True)
class FindPage(PageContext):
    template = "signin/find.html"
    form: EmailForm
    providers: list[IdentityProvider] | None
    """None until an address was given."""
    next_path: str
    is_required: bool = False
    """Reached because the organization requires it, not by an address."""
    is_again: bool = False
    """Whoever comes is signed in, and is to prove it again."""


def at_the_door(view: View) -> View:
    """Open to anybody. What is refused is a page that says so; what is in the address goes to nobody."""

    @login_not_required
    @never_cache
    @sensitive_variables()
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except SignInRefused as problem:
            response = show(request, RefusedPage(sentence=problem.message), status=400)
        response["Referrer-Policy"] = "strict-origin"
        return response

    return inner


@at_the_door
@require_http_methods(["GET", "HEAD", "POST"])
def find_page(request: HttpRequest) -> HttpResponse:
    """By the domain of an address: nothing is said about whether anybody has an account."""
    form = EmailForm(request.POST or None)
    providers = providers_for_email(form.cleaned_data["email"]) if form.is_bound and form.is_valid() else None
    next_path = safe_path(str(request.POST.get("next") or request.GET.get("next", "/")))
    return show(request, FindPage(form=form, providers=providers, next_path=next_path), status=status_of(form))


@at_the_door
@require_safe
def organization_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The providers of an organization whose people have to come by one."""
    providers = active_providers_in([pk])
    if not providers:
        return _closed(request, pk)
    next_path = safe_path(request.GET.get("next", "/"))
    is_required = rule_of(providers[0].organization).is_enforced
    is_again = "again" in request.GET
    page = FindPage(EmailForm(), providers, next_path, is_required=is_required and not is_again, is_again=is_again)
    return show(request, page)


def _closed(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """Somebody whose clients wait for a sign-in hears the truth, and so do the owners; anybody else learns nothing."""
    mine = Membership.objects.select_related("user", "organization").filter(
        organization=organization_id, user=request.user.pk, is_active=True
    )
    waiting = mine.first()
    if waiting is None or not has_lapsed(waiting):
        raise SignInRefused(NO_PROVIDER)
    tell_of_closed_way(waiting)
    return show(request, ClosedPage(organization=waiting.organization), status=503)


@at_the_door
@require_safe
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Also the address for a tile in the provider's own portal."""
    provider = active_provider(pk)
    if provider is None:
        raise SignInRefused(NO_PROVIDER)
    if not may_ask_provider(request):
        return show(request, RefusedPage(sentence=_TOO_MANY), status=429)
    next_path = safe_path(request.GET.get("next", "/"))
    begun = begin_sign_in(provider, next_path=next_path, is_again="again" in request.GET)
    keep_attempt(request, begun.attempt)
    return redirect(begun.url)


@at_the_door
@require_safe
def callback(request: HttpRequest, pk: UUID) -> HttpResponse:
    """OpenID Connect. The address with the code in it is left at once."""
    provider = _provider(pk)
    if provider.kind != IdentityProvider.Kind.OIDC:
        raise SignInRefused(NO_PROVIDER)
    attempt = attempt_with(provider, request.GET.get("state", ""))
    if not is_kept(request, attempt):
        raise SignInRefused(NOT_ASKED)
    take_code(attempt, {name: str(value) for name, value in request.GET.items()})
    return redirect("sso:done", pk, attempt.pk)


@csrf_exempt
@at_the_door
@require_POST
@sensitive_post_parameters("SAMLResponse")
def acs(request: HttpRequest, pk: UUID) -> HttpResponse:
    """SAML. The post comes from the provider's page, so our cookie is not with it: the browser comes back by itself,
    and the answer waits for it."""
    provider = _provider(pk)
    if provider.kind != IdentityProvider.Kind.SAML:
        raise SignInRefused(NO_PROVIDER)
    attempt = take_assertion(provider, str(request.POST.get("SAMLResponse", "")))
    return redirect("sso:done", pk, attempt.pk)


def _provider(pk: UUID) -> IdentityProvider:
    """Also one that is off: an owner tries it before it goes on."""
    provider = any_provider(pk)
    if provider is None:
        raise SignInRefused(NO_PROVIDER)
    return provider


@at_the_door
@require_safe
def done(request: HttpRequest, pk: UUID, attempt_pk: UUID) -> HttpResponse:
    attempt = _own_attempt(request, pk, attempt_pk)
    if attempt.is_test:
        return redirect("sign_in:tested", pk, attempt_pk)
    claims = answer_of(attempt).claims
    found = finish_sign_in(attempt)
    if isinstance(found, NeedsProof):
        request.session[PROVING] = [str(pk), str(attempt_pk)]
        return redirect("sso:link", pk, attempt_pk)
    return sign_in(request, found, attempt, claims)


def _own_attempt(request: HttpRequest, pk: UUID, attempt_pk: UUID) -> SignInAttempt:
    attempt = SignInAttempt.objects.select_related("provider__organization", "begun_by").filter(
        pk=attempt_pk, provider=pk
    )
    found = attempt.first()
    if found is None or not is_kept(request, found):
        raise SignInRefused(NOT_ASKED)
    return found


@at_the_door
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, pk: UUID, attempt_pk: UUID) -> HttpResponse:
    """There is an account with a password: whose it is signs in with it once, and says yes."""
    attempt = _own_attempt(request, pk, attempt_pk)
    claims = answer_of(attempt).claims
    user = request.user if isinstance(request.user, User) and request.user.confined_to is None else None
    if request.method == "POST" and user is not None:
        found = finish_sign_in(attempt, proven=user)
        if isinstance(found, Membership):
            return sign_in(request, found, attempt, claims)
    is_theirs = user is not None and user.email.lower() == claims.email
    other = user.email if user is not None and not is_theirs else ""
    page = LinkPage(attempt=attempt, email=claims.email, is_signed_in=is_theirs, other=other)
    return show(request, page)


@login_not_required
@require_safe
def metadata(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a SAML provider reads of us. No secret in it."""
    provider = any_provider(pk)
    if provider is None or provider.kind != IdentityProvider.Kind.SAML:
        raise NotFound(NO_PROVIDER)
    ours = addresses_of(pk)
    return HttpResponse(our_metadata(ours.entity_id, ours.acs), content_type="application/samlmetadata+xml")


@csrf_exempt
@login_not_required
@never_cache
@require_POST
@sensitive_post_parameters()
def provider_logout(request: HttpRequest, pk: UUID) -> HttpResponse:
    """OpenID Connect Back-Channel Logout 1.0 §2.5 to §2.8: the provider itself asks, no browser."""
    provider = active_provider(pk)
    if provider is None or provider.kind != IdentityProvider.Kind.OIDC:
        return HttpResponse(status=404)
    try:
        end_by_provider(provider, str(request.POST.get("logout_token", "")))
    except PeopleError:
        return HttpResponse('{"error": "invalid_request"}', status=400, content_type="application/json")
    return HttpResponse(status=200)
