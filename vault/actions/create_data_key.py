"""Makes the first data key of an organization."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.db import transaction

from audit.actor import SYSTEM, Actor
from audit.record import record
from vault.actions.check_root_key import check_root_key
from vault.events import DataKeyCreated
from vault.keys.data_keys import wrap_data_key
from vault.keys.registry import root_key
from vault.locks import lock_organization
from vault.models import DataKey
from vault.seal import KEY_BYTES


@transaction.atomic
def create_data_key(organization_id: UUID, *, actor: Actor = SYSTEM) -> DataKey:
    """The organization's active data key; generated and wrapped when there is none. Raises WrongRootKey."""
    active = DataKey.objects.filter(organization_id=organization_id, state=DataKey.State.ACTIVE)
    found = active.first()
    if found is None:
        lock_organization(organization_id)
        found = active.all().first() or _generate(organization_id, actor)
    return found


def _generate(organization_id: UUID, actor: Actor) -> DataKey:
    check_root_key()  # a new key under the wrong root key would be lost together with that one
    version = DataKey.objects.filter(organization_id=organization_id).count() + 1
    row = DataKey.objects.create(
        organization_id=organization_id,
        version=version,
        root_key_id=root_key().describe().label,
        wrapped=wrap_data_key(organization_id, version, secrets.token_bytes(KEY_BYTES)),
    )
    record(DataKeyCreated(version=version), organization_id=organization_id, actor=actor)
    return row
