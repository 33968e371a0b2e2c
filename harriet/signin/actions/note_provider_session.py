"""Notes which browser session began at which provider. No audit event: signing in has one."""

from __future__ import annotations

from harriet.people.models import Membership
from harriet.signin.claims import Claims
from harriet.signin.models import IdentityProvider, ProviderSession


def note_provider_session(session_key: str, provider: IdentityProvider, membership: Membership, claims: Claims) -> None:
    ProviderSession.objects.update_or_create(
        session_id=session_key,
        defaults={"provider": provider, "membership": membership, "subject": claims.subject, "sid": claims.sid},
    )
