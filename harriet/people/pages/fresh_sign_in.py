"""Signing in again before something dangerous is decided: the session alone does not prove who sits before it."""

from __future__ import annotations

from time import time
from typing import Any
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from harriet.people.pages.guards import OrganizationRequest

SIGNED_IN = "signed_in_at"
"""The session's key for when its person last signed in, by whatever means, in seconds."""
TYPED = "typed_before_sign_in"
"""The session's key for what was typed into a form that waits for a fresh sign-in, with the path of its page."""
LONGEST_KEPT = 200_000
"""Characters of what was typed."""
AGAIN = "Sign in again to do this: it is dangerous, and your last sign-in was a while ago. What you typed is kept."
WELCOME_BACK = "Signed in again. Nothing was done yet: look at it once more, and decide."
BY_NOTHING = (
    "You would have to sign in again for this, and your account has neither a password nor a passkey here. Set a "
    "password on the page of your account, or leave it to somebody else."
)


def signed_in_lately(request: OrganizationRequest) -> bool:
    """Within the last minutes, in this session: with a password, a passkey, a code, or through the company."""
    times = [int(request.session.get(SIGNED_IN, 0))]
    times += [int(one.get("at", 0)) for one in get_authentication_records(request, request.user)]
    return bool(0 <= time() - max(times) < app_settings.REAUTHENTICATION_TIMEOUT)


def sign_in_again(request: OrganizationRequest, back: str) -> HttpResponse:
    """Off to where this person proves who they are, and back to the page, which finds what was typed
    (`typed_before`). Nothing is done by coming back."""
    typed = {name: str(value) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    if sum(len(value) for value in typed.values()) <= LONGEST_KEPT:
        request.session[TYPED] = {"path": back, "typed": typed}
    if request.user.confined_to is not None:
        return _through_company(request, back)
    if not get_reauthentication_flows(request.user):
        messages.error(request, BY_NOTHING)
        return redirect(back)
    messages.info(request, AGAIN)
    return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


def _through_company(request: OrganizationRequest, back: str) -> HttpResponse:
    """Whose session is the company's: its provider is asked to ask them again, whoever is signed in there."""
    messages.info(request, AGAIN)
    way = reverse("sso:organization", args=[request.organization.pk])
    return redirect(f"{way}?{urlencode({'next': back, 'again': 'yes'})}")


def typed_before(request: OrganizationRequest) -> dict[str, Any]:
    """What was typed on this page before its person signed in again: once."""
    kept = request.session.get(TYPED)
    if not kept or kept["path"] != request.path or not signed_in_lately(request):
        return {}
    del request.session[TYPED]
    messages.info(request, WELCOME_BACK)
    typed: dict[str, Any] = kept["typed"]
    return typed
