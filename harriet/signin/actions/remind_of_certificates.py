"""Tells owners in time that a SAML provider's certificate ends: from that day on none of its answers is believed."""

from __future__ import annotations

from datetime import datetime, timedelta

from harriet.lib.database_clock import database_now
from harriet.people.actions.tell_people import tell_people
from harriet.people.notifications.kinds import SECRET_DUE, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Role
from harriet.signin.models import IdentityProvider
from harriet.signin.provider_queries import certificate_dates

AHEAD = timedelta(days=30)
_TEXT = (
    "The last certificate of {provider} {ends} on {day}: nobody signs in through it after that. Have the provider make "
    "the next one, and read its metadata again."
)


def remind_of_certificates() -> None:
    """Once for each that is the last to end. No event: nothing changed."""
    now = database_now()
    saml = IdentityProvider.objects.filter(kind=IdentityProvider.Kind.SAML, is_active=True)
    for provider in saml.order_by("pk"):
        last = max(certificate_dates(provider), default=None)
        if last is not None and last < now + AHEAD:
            _remind(provider, last, now)


def _remind(provider: IdentityProvider, last: datetime, now: datetime) -> None:
    ends = "ended" if last < now else "ends"
    text = _TEXT.format(provider=provider.name, ends=ends, day=f"{last:%-d %B %Y}")
    path = f"/settings/sign-in/providers/{provider.pk}/"
    matter = Matter(SECRET_DUE, provider.organization_id, f"{key_of(provider)}{last:%Y-%m-%d}", text, path)
    tell_people(matter, with_roles(provider.organization_id, [Role.OWNER]))


def key_of(provider: IdentityProvider) -> str:
    """How the keys of what is told of its certificates begin."""
    return f"certificate {provider.pk} "
