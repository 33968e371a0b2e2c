"""Signing somebody in by a provider's answer: for one organization, and for as long as its rule says."""

from __future__ import annotations

from datetime import timedelta
from time import time
from urllib.parse import urlencode

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from harriet.people.middleware import CHOSEN, CONFINED, is_admitted
from harriet.people.models import Membership, Organization, User
from harriet.people.names import is_hidden
from harriet.people.pages.fresh_sign_in import SIGNED_IN
from harriet.people.queries import has_lapsed
from harriet.signin.actions.note_provider_session import note_provider_session
from harriet.signin.claims import Claims
from harriet.signin.models import SignInAttempt
from harriet.signin.pages.long_requests import way_back
from harriet.signin.pages.newcomers import BACKEND
from harriet.signin.provider_queries import rule_of
from harriet.signin.session_keys import ATTEMPTS, PROVING

MOST_ATTEMPTS = 5
"""That one browser keeps in mind: tabs that wait."""


def keep_attempt(request: HttpRequest, attempt: SignInAttempt) -> None:
    kept = request.session.get(ATTEMPTS, [])
    request.session[ATTEMPTS] = [*kept, str(attempt.pk)][-MOST_ATTEMPTS:]


def is_kept(request: HttpRequest, attempt: SignInAttempt) -> bool:
    """Whether this browser began it: an answer that somebody else brought about is not taken."""
    return str(attempt.pk) in request.session.get(ATTEMPTS, [])


def sign_in(request: HttpRequest, membership: Membership, attempt: SignInAttempt, claims: Claims) -> HttpResponse:
    """The session ends at a moment that is set now, however much is done in it."""
    user, organization = membership.user, membership.organization
    user.confined_to = organization.pk
    login(request, user, backend=BACKEND)
    request.session[SIGNED_IN] = _proved_at(claims)
    for key in (ATTEMPTS, PROVING):
        request.session.pop(key, None)
    request.session[CHOSEN] = request.session[CONFINED] = str(organization.pk)
    request.session.set_expiry(timezone.now() + timedelta(hours=rule_of(organization).session_hours))
    request.session.save()
    note_provider_session(str(request.session.session_key), attempt.provider, membership, claims)
    return redirect(safe_path(attempt.next_path))


def _proved_at(claims: Claims) -> int:
    """When the provider last had them prove who they are, where it says so: it may remember them for days."""
    said = claims.received.get("auth_time", ("",))[0]
    return min(int(said), int(time())) if said.isascii() and said.isdecimal() and len(said) < 12 else int(time())


def way_by_provider(request: HttpRequest, user: User, organization: Organization) -> HttpResponse | None:
    """For a person of an organization that requires single sign-on, who is signed in otherwise, and for one whose
    clients wait for it: they sign in through it, and come back to this address. None for anybody else."""
    membership = Membership.objects.filter(user=user, organization=organization, is_active=True).first()
    if membership is None:
        return None
    is_kept_out = not is_admitted(membership, user) and rule_of(organization).is_enforced
    if not is_kept_out and not has_lapsed(membership):
        return None
    to = urlencode({"next": way_back(request)})
    return redirect(f"{reverse('sso:organization', args=[organization.pk])}?{to}")


def safe_path(path: str) -> str:
    """A path of ours; anything else is the first page."""
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours and "\\" not in path and not any(is_hidden(one) for one in path) else "/"
