"""Reads of an organization's identity keys: the one that signs, opened; and the public halves of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from connectors.access.facts import OrganizationFacts
from connectors.identity_tokens import TokenKey, open_key
from connectors.models import IdentityKey
from connectors.passed_identity import How
from harriet.lib.sealed import NotSealedHere


def issuer_of(slug: str) -> str:
    """What tokens name as their issuer; the key set is at its `/jwks`."""
    return f"{settings.BASE_URL}/oauth/{slug}"


def identity_key_of(facts: OrganizationFacts) -> TokenKey | None:
    """The newest, where any connector needs it. None when it can't be opened: nothing is passed on then."""
    if not any(row.identity is not None and row.identity.how == How.JWT for row in facts.connectors.values()):
        return None
    found = IdentityKey.objects.filter(organization=facts.id).order_by("-created_at").first()
    if found is None:
        return None
    try:
        return TokenKey(found.kid, open_key(bytes(found.sealed), found.kid), issuer_of(facts.slug))
    except NotSealedHere:
        return None


def identity_key_set(organization_id: UUID) -> Mapping[str, Any]:
    """As servers read it (RFC 7517)."""
    keys = IdentityKey.objects.filter(organization=organization_id).order_by("-created_at")
    return {"keys": list(keys.values_list("public", flat=True))}
