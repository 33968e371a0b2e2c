"""A person's company sign-in, kept as a grant of theirs at the identity provider: what is renewed, by the same
protocol as every other token, is the provider's word about them (an ID token). It goes nowhere but to be exchanged."""

from __future__ import annotations

from uuid import UUID

from harriet.lib.secret import Secret
from vault.errors import CannotOpen, NeedsSignIn
from vault.oauth.lease import Wanted
from vault.oauth.refresh import good_grant
from vault.oauth.sealing import access_token
from vault.open import opener_for


def word_of(grant_id: UUID, wait_seconds: float) -> Secret:
    """Renewed where it has to be. Raises TokenProblem; NeedsSignIn where nothing can renew it."""
    grant = good_grant(grant_id, Wanted(), wait_seconds=wait_seconds)
    try:
        word = access_token(grant, opener_for(grant.organization_id))
    except CannotOpen:
        word = None
    if word is None:
        raise NeedsSignIn("What was kept of the sign-in can't be read any more.", client_id=grant.client_id)
    return word
