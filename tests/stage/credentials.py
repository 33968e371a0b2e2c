"""A connector's secret in the vault."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from harriet.lib.ids import new_id
from harriet.lib.secret import Secret
from tests.stage.cast import Cast
from vault.actions.save_credential import save_credential
from vault.models import Credential

TOKEN = "sk-live-4eC39HqLyjWDarjtT1zdp7dc"
HIDDEN_TOKEN = Secret(TOKEN)
SECRET = "org-secret-5f1d/a+b=c"
"""For who looks for it in answers and logs: URLs, base64 and JSON each write it in another way."""


def save_token(
    cast: Cast,
    connector_id: UUID | None = None,
    *,
    secret: str | Secret = HIDDEN_TOKEN,
    name: str = "CRM",
    **changes: Any,
) -> Credential:
    """A bearer token that Alice saves and has to replace every 90 days; in whatever `changes` says, another one."""
    hidden = secret if isinstance(secret, Secret) else Secret(secret)
    fields: dict[str, Any] = {
        "type": "bearer",
        "placement": {},
        "owner": cast.alice,
        "rotate_every_days": 90,
        "actor": cast.actor(cast.alice),
    }
    return save_credential(cast.acme, connector_id or new_id(), name, secret=hidden, **fields | changes)
