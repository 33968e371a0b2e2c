"""Where providers send people back to: what came is taken once, and its address is left at once.

It carries a code and a state, so nothing is shown here, and nobody is sent to sign in with it in hand.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from connectors.actions.connect_account import connect_account
from harriet.lib.errors import Problem
from harriet.people.actors import actor_of
from harriet.people.models import User
from harriet.people.pages.guards import WANTED
from vault.models import OAuthRequest
from vault.oauth.finish import CameBack, request_with

SIGNED_OUT = (
    "You came back from signing in elsewhere, and are not signed in to Harriet any more, so nothing was connected. "
    "Sign in, then connect the account again."
)


@login_not_required
@require_safe
def oauth_callback(request: HttpRequest, issuer_name: str) -> HttpResponse:
    if not isinstance(request.user, User):
        back = f"{reverse('account_login')}?next={reverse('connections:list')}"
        shown = {"problem": Problem(SIGNED_OUT), "back": back, "back_label": "Sign in"}
        return render(request, "problem.html", shown, status=403)
    asked = request_with(request.GET.get("state", ""), request.user)
    try:
        connected = connect_account(
            CameBack(issuer_name, _given(request)), asked, request.user, actor=actor_of(request.user)
        )
    except Problem as problem:
        messages.error(request, problem.message)
        return _led_to(
            request, asked, "connectors:sign_in_for_everybody" if _is_shared(asked) else "connections:connect"
        )
    messages.success(request, connected.sentence)
    for sentence in connected.remarks:
        messages.warning(request, sentence)
    if _is_shared(asked):
        return _led_to(request, asked, "connectors:signed_in_for_everybody")
    return _led_to(request, asked, "connections:detail", "?connected=yes")


def _is_shared(asked: OAuthRequest | None) -> bool:
    return asked is not None and asked.is_shared


def _given(request: HttpRequest) -> dict[str, str]:
    """RFC 6749 §3.1: no parameter may be there twice. One that is says nothing that could be meant."""
    return {name: "\n".join(str(one) for one in values) for name, values in request.GET.lists()}


def _led_to(request: HttpRequest, asked: OAuthRequest | None, page: str, query: str = "") -> HttpResponse:
    """In the organization in which they began: whoever works in another one now chooses it first."""
    if asked is None:
        return redirect("connections:list")
    path = f"{reverse(page, args=[asked.connector_id])}{query}"
    current = getattr(request, "organization", None)
    if current is not None and current.pk == asked.organization_id:
        return redirect(path)
    request.session[WANTED] = path
    return redirect("people:choose")
