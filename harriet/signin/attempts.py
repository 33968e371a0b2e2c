"""How often somebody may try: wrong passwords slow down where they come from, never the person they are meant for.

A browser that a person signed in with before bears a signed cookie and is counted by itself, so that nobody else at the
same address, or at any other, uses its attempts up.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from harriet.people.models import User

PLACE = f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}place"
_SALT = "harriet usual place"
_REMEMBERED_SECONDS = 180 * 24 * 3600
_MOST = 5
"""People whom one browser is remembered for."""

_RATES = {
    "password_elsewhere": "10/m/ip,60/h/ip",
    "password_usual_place": "10/m/key,60/h/key",
    "password_mail": "6/h/key",
    "provider": "120/m/ip",
    "enrolment_code": "10/5m/ip,40/h/ip",
    "client_document": "20/m/key",
}


def count_password(request: HttpRequest, email: str) -> ratelimit.RateLimitUsage | None:
    """None when there were too many wrong ones from here. What is right is taken back by the caller."""
    if request.user.is_authenticated:
        return _count(request, "password_usual_place", f"session {request.session.session_key}")
    place = _usual_place(request, email)
    return _count(request, "password_usual_place" if place else "password_elsewhere", place)


def may_mail(request: HttpRequest, email: str) -> bool:
    """Whether one more mail to set a password may go to the address within the hour."""
    return _count(request, "password_mail", email.strip().lower()) is not None


def may_ask_provider(request: HttpRequest) -> bool:
    """Whether one more way to an identity provider may begin from here within the minute."""
    return _count(request, "provider", "") is not None


def count_enrolment_code(request: HttpRequest) -> ratelimit.RateLimitUsage | None:
    """None when too many codes were tried from here. One that is right is taken back by the caller."""
    return _count(request, "enrolment_code", "")


def may_read_document(request: HttpRequest, organization_id: UUID) -> bool:
    """Whether a client that comes before its person may have its document read: whoever asks chooses the address, so it
    is a few a minute for an organization, which is enough for clients and keeps neither Harriet nor anybody busy."""
    return _count(request, "client_document", str(organization_id)) is not None


def remember_place(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """For a browser in which this person has just signed in; others who use it stay remembered."""
    _, ids = _known(request)
    known = [id for id in ids if id != str(user.pk)]
    value = ".".join([secrets.token_urlsafe(12), str(user.pk), *known[: _MOST - 1]])
    response.set_signed_cookie(
        PLACE,
        value,
        salt=_SALT,
        max_age=_REMEMBERED_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _usual_place(request: HttpRequest, email: str) -> str:
    """The name of this browser when the person with this address has signed in with it."""
    name, ids = _known(request)
    return name if ids and User.objects.filter(pk__in=ids, email__iexact=email).exists() else ""


def _known(request: HttpRequest) -> tuple[str, list[str]]:
    """The browser's name, and the ids of the people who signed in with it."""
    value = request.get_signed_cookie(PLACE, "", salt=_SALT, max_age=_REMEMBERED_SECONDS)
    name, *ids = str(value).split(".")
    return name, ids


def _count(request: HttpRequest, action: str, key: str) -> ratelimit.RateLimitUsage | None:
    return ratelimit.consume(request, app="harriet", action=action, config=_RATES, key=key, limit_get=True)
