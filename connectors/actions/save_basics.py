"""Name and describe a connector."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.draft_connector import refuse_taken_slug
from connectors.actions.note_definition import look_first, note_definition
from connectors.audit_labels import connector_label
from connectors.descriptions import clean_description, clean_icon
from connectors.events import ConnectorChanged
from connectors.models import Connector
from harriet.people.names import clean_name, clean_slug
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def save_basics(
    connector: Connector,
    *,
    slug: str,
    name: str,
    description: str | None = None,
    icon: str | None = None,
    actor: Actor,
) -> Connector:
    """None leaves description and icon as they are."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    before = {field: getattr(connector, field) for field in ("slug", "name", "description", "icon")}
    connector.slug = clean_slug(slug, longest=40)
    connector.name = clean_name(name, longest=80)
    connector.description = connector.description if description is None else clean_description(description)
    connector.icon = connector.icon if icon is None else clean_icon(icon)
    changed = [field for field, value in before.items() if getattr(connector, field) != value]
    if not changed:
        return connector
    refuse_taken_slug(connector)
    look_first(connector)
    connector.save(update_fields=changed)
    record(
        ConnectorChanged(connector=connector_label(connector), fields=", ".join(changed)),
        organization_id=connector.organization_id,
        actor=actor,
    )
    note_definition(connector, by=actor if "name" in changed else None, actor=actor)
    move_version(connector.organization_id)
    return connector
