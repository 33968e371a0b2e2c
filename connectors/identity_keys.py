"""Reads of an organization's identity keys: the one that signs, opened; and the public halves of all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from connectors.access.facts import OrganizationFacts
from connectors.identity_tokens import TokenKey, open_key
from connectors.models import IdentityKey
from connectors.passed_identity import How
from harriet.lib.database_clock import database_now
from harriet.lib.sealed import NotSealedHere

GOES_ON = timedelta(hours=1)
"""For how long a key that was replaced is published: its last token is good for minutes."""


def issuer_of(slug: str) -> str:
    """What tokens name as their issuer; the key set is at its `/jwks`."""
    return f"{settings.BASE_URL}/oauth/{slug}"


def identity_key_of(facts: OrganizationFacts) -> TokenKey | None:
    """The newest, where any connector needs it. None when it can't be opened: nothing is passed on then."""
    if not any(row.identity is not None and row.identity.how == How.JWT for row in facts.connectors.values()):
        return None
    found = newest_identity_key(facts.id)
    if found is None:
        return None
    try:
        return TokenKey(found.kid, open_key(bytes(found.sealed), found.kid), issuer_of(facts.slug))
    except NotSealedHere:
        return None


def identity_key_set(organization_id: UUID) -> Mapping[str, Any]:
    """As servers read it (RFC 7517)."""
    return {"keys": [key.public for key in published_keys(organization_id)]}


def published_keys(organization_id: UUID) -> list[IdentityKey]:
    """The one that signs, and those that were replaced within the hour."""
    since, published = database_now() - GOES_ON, []
    for key in IdentityKey.objects.filter(organization=organization_id).order_by("-created_at"):
        published.append(key)
        if key.created_at < since:
            break  # whatever is older was replaced by this one, and has signed nothing that is still good
    return published


def newest_identity_key(organization_id: UUID) -> IdentityKey | None:
    """The one that signs; None while no connector has needed any."""
    return IdentityKey.objects.filter(organization=organization_id).order_by("-created_at").first()
