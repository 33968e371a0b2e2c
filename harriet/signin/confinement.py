"""Keeps a session by single sign-on away from the account's own means of signing in.

A password or passkey opens everything that the person belongs to, and outlasts the provider: whoever runs one
organization's provider adds none by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from harriet.people.errors import NotAllowed
from harriet.people.middleware import CONFINED, problem_page

_OPEN = {"account_logout", "account_login", "account_inactive"}
_OWN_MEANS = ("account_", "mfa_")
WHY = (
    "You signed in through your company, which looks after how you sign in there. To change a password or passkey that "
    "you have here, sign out and sign in with it."
)


class ConfinedAccountMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        if name.startswith(_OWN_MEANS) and name not in _OPEN and request.session.get(CONFINED):
            return problem_page(request, NotAllowed(WHY))
        return None
