"""The addresses that a provider is told: each provider has its own, built from ours and never from a request."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.conf import settings


class Addresses(NamedTuple):
    callback: str
    """OpenID Connect: where the browser comes back."""
    acs: str
    """SAML: where the browser brings the answer."""
    entity_id: str
    """SAML: who we are; our metadata is there."""
    start: str
    """For a tile in the provider's portal: begins a sign-in."""
    logout: str
    """OpenID Connect: where the provider says that it signed somebody out."""


def addresses_of(provider_id: UUID) -> Addresses:
    root = f"{settings.BASE_URL}/accounts/sso/{provider_id}"
    return Addresses(
        callback=f"{root}/callback/",
        acs=f"{root}/acs/",
        entity_id=f"{root}/metadata/",
        start=f"{root}/",
        logout=f"{root}/logout/",
    )
