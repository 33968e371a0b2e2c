"""What the vault's stories share: Alice saves the CRM's token."""

from typing import Any
from uuid import UUID

from harriet.lib.ids import new_id
from harriet.lib.secret import Secret
from tests.stage.cast import Cast
from vault.actions.save_credential import save_credential
from vault.models import Credential

TOKEN = "sk-live-4eC39HqLyjWDarjtT1zdp7dc"
HIDDEN_TOKEN = Secret(TOKEN)


def save_token(
    cast: Cast,
    connector_id: UUID | None = None,
    *,
    secret: str | Secret = HIDDEN_TOKEN,
    name: str = "CRM",
    **changes: Any,
) -> Credential:
    hidden = secret if isinstance(secret, Secret) else Secret(secret)
    fields: dict[str, Any] = {
        "type": "bearer",
        "placement": {},
        "owner": cast.alice,
        "rotate_every_days": 90,
        "actor": cast.actor(cast.alice),
    }
    return save_credential(cast.acme, connector_id or new_id(), name, secret=hidden, **fields | changes)
