"""A webhook's address and key, sealed with its organization's data key."""

from __future__ import annotations

from uuid import UUID

from approvals.models import Webhook
from harriet.lib.secret import Secret
from vault.open import opener_for

_ADDRESS, _KEY = "webhook.address", "webhook.key"


def sealed_address(organization_id: UUID, webhook_id: UUID, address: str) -> bytes:
    return opener_for(organization_id).seal(webhook_id, webhook_id, _ADDRESS, address.encode())


def sealed_key(organization_id: UUID, webhook_id: UUID, key: Secret) -> bytes:
    return opener_for(organization_id).seal(webhook_id, webhook_id, _KEY, key.reveal().encode())


def address_of(webhook: Webhook) -> Secret:
    """Raises CannotOpen."""
    return _opened(webhook, _ADDRESS, webhook.sealed_address)


def key_of(webhook: Webhook) -> Secret:
    """Raises CannotOpen."""
    return _opened(webhook, _KEY, webhook.sealed_key)


def _opened(webhook: Webhook, field: str, sealed: bytes | memoryview) -> Secret:
    opener = opener_for(webhook.organization_id)
    return Secret(opener.open(webhook.pk, webhook.pk, field, bytes(sealed)).decode())
