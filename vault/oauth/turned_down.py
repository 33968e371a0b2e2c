"""A server refuses the token of a grant that nothing renews: nothing but another consent helps."""

from __future__ import annotations

from datetime import timedelta

from harriet.lib.database_clock import database_now
from vault.errors import TokenProblem
from vault.models import OAuthGrant
from vault.oauth.lease import SETTLED_SECONDS, can_be_renewed, needs_consent
from vault.oauth.outcomes import note_ended
from vault.oauth.tokens import SealedAccess
from vault.stored import SealedCredential

INVALID_TOKEN = "invalid_token"  # noqa: S105  # a code
"""RFC 6750 §3.1."""


def turned_down(sealed: SealedCredential, access: SealedAccess, *, is_invalid: bool) -> TokenProblem | None:
    """None where there is a way on, and where it was given just now: so would be the next. Only a server that says that
    the token itself is no good any more ends the grant; another refusal may be over by itself."""
    rows = OAuthGrant.objects.select_related("client")
    same = rows.filter(pk=access.grant_id, generation=access.generation, state=OAuthGrant.State.ACTIVE)
    grant = same.first()
    if grant is None or can_be_renewed(grant):
        return None
    if grant.granted_at + timedelta(seconds=SETTLED_SECONDS) > database_now():
        return None
    if is_invalid:
        note_ended(grant, INVALID_TOKEN)
    problem = needs_consent(grant, reason=INVALID_TOKEN)
    problem.connector_id = sealed.connector_id
    return problem
