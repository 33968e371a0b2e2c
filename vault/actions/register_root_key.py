"""Records the installation's root key with a canary."""

from django.db import transaction

from audit.actor import SYSTEM, Actor
from audit.models import INSTALLATION
from audit.record import record
from vault.events import RootKeyRegistered
from vault.keys.base import RootKeyProvider
from vault.keys.canary import new_canary
from vault.models import RootKey


@transaction.atomic
def register_root_key(provider: RootKeyProvider, *, actor: Actor = SYSTEM) -> RootKey:
    """Idempotent, also when several processes start together."""
    described = provider.describe()
    row, is_new = RootKey.objects.get_or_create(
        label=described.label, defaults={"provider": described.provider, "canary": new_canary(provider)}
    )
    if is_new:
        record(RootKeyRegistered(label=row.label), organization_id=INSTALLATION, actor=actor)
    return row
