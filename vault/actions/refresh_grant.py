"""Renews one grant because an admin wants to see whether that works."""

from __future__ import annotations

from audit.actor import Actor
from harriet.people.permissions import demand
from harriet.people.roles import Power
from vault.errors import VaultError
from vault.models import OAuthGrant
from vault.oauth.lease import Wanted
from vault.oauth.refresh import good_grant


def refresh_grant(grant: OAuthGrant, *, actor: Actor) -> OAuthGrant:
    """As it is afterwards: its row says what the provider answered. Raises NotAllowed, and NeedsConsent where only its
    person can do something. What is renewed is no event, as for every renewal."""
    demand(actor, grant.organization, Power.MANAGE_CREDENTIALS)
    try:
        good_grant(grant.pk, Wanted(is_asked_for=True))
    except VaultError:
        if grant.state != OAuthGrant.State.ACTIVE:
            raise
    return OAuthGrant.objects.select_related("client", "user").get(pk=grant.pk)
