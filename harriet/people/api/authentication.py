"""The REST API's door: personal tokens beside the session, the organization of the caller, errors as JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db import DataError
from django.db.models import Q
from django.db.models.functions import Now
from rest_framework import permissions
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from harriet.lib.errors import Problem
from harriet.people.actors import actor_of_token
from harriet.people.errors import NotAllowed, NotFound
from harriet.people.models import AccessToken, User
from harriet.people.queries import has_lapsed, live_tokens, membership_of
from harriet.people.tokens import PREFIXES, hash_token

if TYPE_CHECKING:
    from rest_framework.views import APIView

_DOES_NOT_FIT = "Something in the request is no value that can be stored or looked for. Compare it with the schema."
_LAPSED = "Sign in to Harriet through your company: this token waits for that. If you can’t, ask your IT team."
SEEN_EVERY = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer hrt_per_…`. Device credentials and integration keys are for the gateway, not for this."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"}:
            return None
        if not text.strip().startswith(PREFIXES["personal"]):
            raise AuthenticationFailed("Use a personal API token here; it starts with hrt_per_.")
        return self._found(request, text.strip())

    def _found(self, request: Request, text: str) -> tuple[User, AccessToken]:
        token = live_tokens().filter(token_hash=hash_token(text), kind=AccessToken.Kind.PERSONAL).first()
        membership = membership_of(token.user, token.organization) if token and token.user else None
        if token is None or token.user is None or membership is None:
            raise AuthenticationFailed("This token was revoked, has expired or never existed. Make a new one.")
        if has_lapsed(membership):
            raise AuthenticationFailed(_LAPSED)
        _place(request, token, membership)
        _see(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Harriet API"'


def _place(request: Request, token: AccessToken, membership: Any) -> None:
    """As CurrentOrganizationMiddleware does for sessions; a token knows its one organization."""
    django_request: Any = request._request
    django_request.membership = membership
    django_request.memberships = [membership]
    django_request.organization = token.organization
    django_request.actor = actor_of_token(token)


def _see(token: AccessToken) -> None:
    not_lately = Q(last_seen_at=None) | Q(last_seen_at__lt=Now() - SEEN_EVERY)
    AccessToken.objects.filter(not_lately, pk=token.pk).update(last_seen_at=Now())


class IsInOrganization(permissions.BasePermission):
    message = "Choose an organization first: open the pages, or use a personal API token."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and getattr(request, "organization", None) is not None


def api_errors(error: Exception, context: dict[str, Any]) -> Response | None:
    """A Problem in the shape of DRF's own errors: beside its field, or as `detail`."""
    from rest_framework.views import exception_handler  # its module reads the settings that name this one

    if isinstance(error, DataError | InvalidValue):
        return Response({"detail": _DOES_NOT_FIT}, status=400)
    if not isinstance(error, Problem):
        return exception_handler(error, context)
    status = 403 if isinstance(error, NotAllowed) else 404 if isinstance(error, NotFound) else 400
    return Response({error.field: [error.message]} if error.field else {"detail": error.message}, status=status)
