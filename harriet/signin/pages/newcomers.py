"""Pages for people who have no account yet: set-up and joining. Their links carry a token in the path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.accept_invitation import accept_invitation, accept_invitation_as, unproven_words
from harriet.people.actions.take_setup_link import GONE
from harriet.people.middleware import CHOSEN
from harriet.people.models import Invitation, Membership, Organization, User
from harriet.people.queries import invitation_with, is_setup_link, open_invitations
from harriet.signin.actions.use_setup_link import use_setup_link
from harriet.signin.attempts import remember_place
from harriet.signin.pages.forms import JoinForm, SetupForm
from harriet.signin.session_keys import JOINING

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

NO_INVITATION = "It was used, withdrawn, or is older than seven days. Ask the person who invited you for a new one."

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class SetupPage(PageContext):
    template = "people/setup.html"
    form: SetupForm
    existing: list[Organization]
    """Those that a set-up file made already."""


@dataclass(frozen=True, slots=True)
class JoinPage(PageContext):
    template = "people/join.html"
    form: JoinForm
    invitation: Invitation


@dataclass(frozen=True, slots=True)
class JoinKnownPage(PageContext):
    template = "people/join_known.html"
    invitation: Invitation
    signed_in: str
    """The address of who is signed in; empty for nobody."""

    @property
    def unproven(self) -> str:
        return unproven_words()

    @property
    def is_theirs(self) -> bool:
        return self.signed_in.lower() == self.invitation.email.lower()


@dataclass(frozen=True, slots=True)
class GonePage(PageContext):
    template = "people/gone.html"
    title: str
    sentence: str


def with_token_in_path(view: View) -> View:
    """Nothing that the page loads or leads to learns its address; it is open to anybody."""

    @login_not_required
    @require_http_methods(["GET", "HEAD", "POST"])
    @sensitive_post_parameters("password")
    @sensitive_variables("token")
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        # Not "no-referrer": browsers then send "Origin: null" with our own form, which CSRF protection refuses.
        response["Referrer-Policy"] = "strict-origin"
        return response

    return inner


@with_token_in_path
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Looking uses nothing up; sending the form does."""
    if not is_setup_link(token):
        return gone(request, "This set-up link opens nothing", GONE)
    form = SetupForm(request.POST or None)
    existing = list(Organization.objects.order_by("name"))
    if existing:
        del form.fields["organization_name"]
    membership = attempt(form, lambda given: use_setup_link(token, **({"organization_name": ""} | given)))
    if membership:
        return welcome(request, membership, "console:overview")
    return show(request, SetupPage(form=form, existing=existing), status=status_of(form))


@with_token_in_path
def join(request: HttpRequest, token: str) -> HttpResponse:
    invitation = invitation_with(token)
    if invitation is None:
        return gone(request, "This invitation opens nothing", NO_INVITATION)
    if request.user.is_authenticated or User.objects.filter(email__iexact=invitation.email).exists():
        request.session[JOINING] = str(invitation.pk)
        return join_page(request, invitation)
    form = JoinForm(request.POST or None)
    membership = attempt(form, lambda given: accept_invitation(invitation, **given))
    if membership:
        return welcome(request, membership, "home")
    return show(request, JoinPage(form=form, invitation=invitation), status=status_of(form))


@with_token_in_path
def join_known(request: HttpRequest) -> HttpResponse:
    """The invitation that this session came with; its token is no longer in the address."""
    chosen = request.session.get(JOINING)
    invitation = open_invitations().select_related("organization").filter(pk=UUID(chosen)).first() if chosen else None
    if invitation is None:
        request.session.pop(JOINING, None)
        return gone(request, "This invitation opens nothing", NO_INVITATION)
    if request.method != "POST" or not isinstance(request.user, User):
        return join_page(request, invitation)
    membership = accept_invitation_as(invitation, request.user)
    del request.session[JOINING]
    request.session[CHOSEN] = str(membership.organization_id)
    messages.success(request, f"You joined {membership.organization.name}.")
    return redirect("home")


def join_page(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """For somebody who has an account: sign in, accept, or sign in as somebody else."""
    signed_in = request.user.email if isinstance(request.user, User) else ""
    return show(request, JoinKnownPage(invitation=invitation, signed_in=signed_in))


def welcome(request: HttpRequest, membership: Membership, page: str) -> HttpResponse:
    login(request, membership.user, backend=BACKEND)
    request.session[CHOSEN] = str(membership.organization_id)
    messages.success(request, f"Welcome to {membership.organization.name}, {membership.user.get_short_name()}.")
    response = redirect(page)
    remember_place(request, response, membership.user)
    return response


def gone(request: HttpRequest, title: str, sentence: str) -> HttpResponse:
    return show(request, GonePage(title=title, sentence=sentence), status=404)
