"""Tells whether a secret is the one that is saved already, without handing out either."""

from __future__ import annotations

import hmac
from uuid import UUID

from harriet.lib.secret import Secret
from vault.open import opener_for
from vault.queries import credential_of, sealed_credential
from vault.rules import check_credential
from vault.types.base import Placement


def is_same_credential(connector_id: UUID, type_: str, secret: Secret, *, username: str, placement: Placement) -> bool:
    """Raises CredentialRefused when the new one could not be saved at all."""
    checked = check_credential(type_, secret, username=username, placement=placement)
    saved = credential_of(connector_id)
    sealed = sealed_credential(saved.organization_id, connector_id) if saved else None
    if saved is None or sealed is None or (saved.type, saved.placement) != (type_, checked):
        return False
    saved_username, saved_secret = opener_for(saved.organization_id).revealed(sealed)
    return saved_username == username and hmac.compare_digest(saved_secret.reveal().encode(), secret.reveal().encode())
