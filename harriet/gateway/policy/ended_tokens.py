"""What became of a token that no longer opens anything: told to whoever holds it, and to nobody else.

Only a refusal asks; whoever is let in never gets here.
"""

from __future__ import annotations

import asyncio

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Q
from django.utils import timezone

from harriet.gateway.processes.database import in_database
from harriet.people.models import AccessToken, Membership
from harriet.people.queries import has_lapsed
from harriet.signin.actions.note_refused_calls import note_token_over
from harriet.signin.actions.tell_of_closed_way import tell_of_closed_way
from harriet.signin.provider_queries import active_providers_in

LONGEST = 2.0
"""Seconds that a refusal waits for the reason."""
_CONNECT = f"{settings.BASE_URL}/me/connect/"
_LEFT = (
    "Your access to Harriet has ended: your account here was closed or switched off. A new credential won't change "
    "that. If you think that it should not be so, ask your IT team, or whoever manages people in your organization."
)
_REVOKED = (
    "This credential was revoked on {day}. If you revoked it yourself and still need one, make another at "
    f"{_CONNECT}. If you did not, ask your IT team why."
)
_LAPSED = (
    "Your organization wants you to sign in through your company from time to time, and your last sign-in is too long "
    f"ago or was ended. Nothing is lost: open {settings.BASE_URL}/accounts/sso/for/{{organization}}/, sign in through "
    "your company, and this credential works again."
)
_CLOSED = (
    "This credential waits for your next sign-in through your company, and that is switched off in Harriet at the "
    "moment. Nothing is lost, and you can't mend it yourself: the owners were told. Ask your IT team."
)
_EXPIRED = f"This credential expired on {{day}}. Make a new one at {_CONNECT}."
_APP_EXPIRED = (
    "This token has expired. The client exchanges it for the next one by itself; if it does not, sign in again from "
    "the client."
)
_APP_ENDED = (
    "The sign-in of this client was ended on {day}: it was disconnected, or its token was used twice. Sign in again "
    "from the client."
)
_SHARED = "This shared key was revoked or has expired. Whoever runs this client gets a new one from your IT team."
_PAUSED = (
    "This agent is paused, so none of its calls is carried out. Its owner or your IT team lets it go on; its "
    "credential stays the same."
)
_AGENT_ENDED = (
    "This agent's credential was revoked or has expired. Its owner or your IT team makes another on the agent's page."
)
_FOR_SCIM = (
    "This is a SCIM token, which opens the address for directories alone. An AI client needs another credential."
)
_FOR_API = (
    "This is a personal API token, which opens the API alone. A client needs a device credential: make one at "
    f"{_CONNECT}."
)


async def why_ended(key: bytes) -> str:
    """In ASCII, without quotes: it stands in a header, too. Empty for a token that Harriet never gave, and when nobody
    can tell at the moment."""
    try:
        async with asyncio.timeout(LONGEST):
            return await in_database(_why, key)
    except (DatabaseError, TimeoutError):
        return ""


def _why(key: bytes) -> str:
    mine = AccessToken.objects.filter(Q(token_hash=key) | Q(previous_hash=key))
    token = mine.select_related("agent").first()
    if token is None:
        return ""
    if token.user_id is None:
        return _why_of_nobody(token)
    here = Membership.objects.filter(organization=token.organization_id, user=token.user_id, is_active=True)
    membership = here.select_related("user").first()
    if membership is None:
        return _LEFT
    if token.kind == AccessToken.Kind.PERSONAL:
        return _FOR_API
    if token.revoked_at is None and has_lapsed(membership):
        return _why_waiting(membership)
    if token.kind == AccessToken.Kind.OAUTH:
        note_token_over(token)
        ended = token.revoked_at or (token.expires_at if token.expires_at <= timezone.now() else None)
        return _APP_ENDED.format(day=f"{ended:%Y-%m-%d}") if ended else _APP_EXPIRED
    if token.revoked_at is not None:
        return _REVOKED.format(day=f"{token.revoked_at:%Y-%m-%d}")
    return _EXPIRED.format(day=f"{token.expires_at:%Y-%m-%d}") if token.expires_at <= timezone.now() else ""


def _why_waiting(membership: Membership) -> str:
    if active_providers_in([membership.organization_id]):
        return _LAPSED.format(organization=membership.organization_id)
    tell_of_closed_way(membership)
    return _CLOSED


def _why_of_nobody(token: AccessToken) -> str:
    if token.kind == AccessToken.Kind.SCIM:
        return _FOR_SCIM
    if token.agent is None:
        return _SHARED
    is_paused = token.revoked_at is None and token.expires_at > timezone.now()
    return _PAUSED if is_paused else _AGENT_ENDED
