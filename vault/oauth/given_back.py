"""Tokens that came when their grant had been ended, or been replaced: nobody is left with what nobody may use."""

from __future__ import annotations

from audit.actor import SYSTEM
from vault.errors import CannotOpen
from vault.models import OAuthGrant
from vault.oauth.answers import TokenAnswer
from vault.oauth.renewed import Renewed
from vault.oauth.revocation import Tokens, note_revoked, revoke_there
from vault.oauth.sealing import ACCESS, REFRESH, access_token, refresh_token, token_place
from vault.oauth.spool import spooled, unspool
from vault.open import Opener, opener_for


def give_back(before: OAuthGrant, answer: TokenAnswer) -> None:
    """A renewal came too late for the row as it was `before`. Whoever disconnected took back the tokens of before: what
    they were renewed to is taken back now. Where somebody else renews that generation, the file is for them."""
    grant = OAuthGrant.objects.filter(pk=before.pk).select_related("client__organization", "user").first()
    if grant is not None and grant.generation == before.generation and grant.state == OAuthGrant.State.ACTIVE:
        return
    unspool(before.pk, before.generation)
    if grant is None or grant.generation != before.generation or grant.state != OAuthGrant.State.REVOKED:
        return
    there = revoke_there(grant.client, Tokens(answer.refresh, answer.access))
    note_revoked(grant.client, there, grant=grant, whose=grant.user.email if grant.user else None, actor=SYSTEM)


def tokens_of(grant: OAuthGrant) -> Tokens:
    """What can still be opened of them, the newest: a renewal whose process ended may have left them in its file."""
    try:
        opener = opener_for(grant.organization_id)
        brought = spooled(grant, opener)
        if brought is not None:
            return _tokens_in(grant, brought, opener)
        return Tokens(refresh_token(grant, opener), access_token(grant, opener))
    except CannotOpen:
        return Tokens(None, None)


def _tokens_in(grant: OAuthGrant, brought: Renewed, opener: Opener) -> Tokens:
    access = opener.open_secret(token_place(grant, ACCESS, brought.generation), brought.sealed_access)
    if brought.sealed_refresh is None:
        return Tokens(None, access)
    place = token_place(grant, REFRESH, brought.generation)
    return Tokens(opener.open_secret(place, brought.sealed_refresh), access)
