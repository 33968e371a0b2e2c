"""Helping somebody back in: what an admin may do, what follows from it, and the page that the link opens."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show, show_once
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership, RecoveryLink
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import person_of
from harriet.people.recovery_rules import check_may_recover
from harriet.people.roles import Power
from harriet.people.sends_mail import sends_mail
from harriet.signin.actions.make_recovery_link import make_recovery_link
from harriet.signin.actions.reset_factors import reset_factors
from harriet.signin.actions.use_recovery_link import GONE, recovery_link_with, use_recovery_link, why_lost
from harriet.signin.pages.forms import NewPasswordField
from harriet.signin.pages.newcomers import gone, with_token_in_path


@dataclass(frozen=True, slots=True)
class RecoverPage(PageContext):
    template = "people/recover.html"
    active = "people"
    person: Membership
    why_not: str
    """Why this may not be done here; empty when it may."""
    factors: int
    has_mail: bool
    factors_form: ConfirmForm
    link_form: ConfirmForm


@dataclass(frozen=True, slots=True)
class RecoverLinkPage(PageContext):
    template = "people/recover_link.html"
    active = "people"
    person: Membership
    link: Secret


@require_safe
@needs(Power.MANAGE_PEOPLE)
def recover_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return _shown(request, person_of(request.organization, pk))


@require_POST
@needs(Power.MANAGE_PEOPLE)
def reset_factors_of_person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    person = person_of(request.organization, pk)
    form = ConfirmForm(person.user.email, request.POST)
    if attempt(form, lambda _: reset_factors(person, actor=request.actor)) is None:
        return _shown(request, person, factors_form=form)
    messages.success(request, f"The second factors of {person.user} are gone. They are told.")
    return redirect("people:recover", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def make_link_for_person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The link is in this answer and nowhere to come back to."""
    person = person_of(request.organization, pk)
    form = ConfirmForm(person.user.email, request.POST)
    link = attempt(form, lambda _: make_recovery_link(person, actor=request.actor))
    if link is None:
        return _shown(request, person, link_form=form)
    return show_once(request, RecoverLinkPage(person=person, link=link))


def _shown(
    request: OrganizationRequest,
    person: Membership,
    *,
    factors_form: ConfirmForm | None = None,
    link_form: ConfirmForm | None = None,
) -> HttpResponse:
    email = person.user.email
    page = RecoverPage(
        person=person,
        why_not=_why_not(person, request),
        factors=Authenticator.objects.filter(user=person.user).count(),
        has_mail=sends_mail(),
        factors_form=factors_form or ConfirmForm(email, auto_id="factors_%s"),
        link_form=link_form or ConfirmForm(email, auto_id="link_%s"),
    )
    return show(request, page, status=status_of(page.factors_form, page.link_form))


def _why_not(person: Membership, request: OrganizationRequest) -> str:
    try:
        check_may_recover(person, actor=request.actor)
    except NotAllowed as problem:
        return problem.message
    return ""


class NewPasswordForm(forms.Form):
    password = NewPasswordField()


@dataclass(frozen=True, slots=True)
class NewPasswordPage(PageContext):
    template = "people/new_password.html"
    link: RecoveryLink
    form: NewPasswordForm


@with_token_in_path
@require_http_methods(["GET", "HEAD", "POST"])
def new_password_page(request: HttpRequest, token: str) -> HttpResponse:
    """Looking uses nothing up; sending the form does."""
    link = recovery_link_with(token)
    if link is None or why_lost(link):
        return gone(request, "This link opens nothing", GONE)
    form = NewPasswordForm(request.POST or None)
    if attempt(form, lambda given: use_recovery_link(link, given["password"])) is None:
        return show(request, NewPasswordPage(link=link, form=form), status=status_of(form))
    messages.success(request, "Your new password is saved. Sign in with it.")
    return redirect("account_login")
