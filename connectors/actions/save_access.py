"""Say who may call the tools that a sync will find, once they are enabled."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.access.grantees import access_words, checked_groups, checked_roles
from connectors.audit_labels import connector_label
from connectors.events import ConnectorAccessChanged
from connectors.models import Connector
from connectors.wizard_steps import ACCESS, SAVE, step_done
from harriet.people.models import Group
from harriet.people.permissions import demand
from harriet.people.roles import Power


@transaction.atomic
def save_access(
    connector: Connector,
    *,
    groups: Iterable[Group],
    roles: Iterable[str] = (),
    requires_confirmation: bool = False,
    actor: Actor,
) -> Connector:
    """Raises ConnectorError beside the field: for another organization's group, or a role that doesn't exist."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    allowed_groups, allowed_roles = checked_groups(connector.organization_id, groups), checked_roles(roles)
    connector.default_roles = allowed_roles
    connector.default_confirmation = requires_confirmation
    connector.save(update_fields=["default_roles", "default_confirmation"])
    connector.default_groups.set(allowed_groups)
    words = access_words((group.name for group in allowed_groups), allowed_roles)
    record(
        ConnectorAccessChanged(
            connector=connector_label(connector),
            access=f"{words}, {'with' if requires_confirmation else 'without'} confirmation",
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )
    step_done(connector, ACCESS, then=SAVE)
    return connector
