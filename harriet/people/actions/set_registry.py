"""Says who may read the registry of approved servers."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.errors import PeopleError
from harriet.people.events import RegistryChanged
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power


def set_registry(organization: Organization, registry: str, *, actor: Actor) -> Organization:
    """Raises NotAllowed or PeopleError. The gateway does not go by it, so no version moves."""
    demand(actor, organization, Power.MANAGE_PROFILES)
    if registry not in Organization.Registry.values:
        raise PeopleError("Say who may read the registry: off, token or open.", field="registry")
    with transaction.atomic():
        locked = Organization.objects.select_for_update().get(pk=organization.pk)
        before, locked.registry = locked.get_registry_display(), registry
        if before != locked.get_registry_display():
            locked.save(update_fields=["registry"])
            event = RegistryChanged(before=before, readers=locked.get_registry_display())
            record(event, organization_id=organization.pk, actor=actor)
    return locked
