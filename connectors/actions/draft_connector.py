"""Begin a connector: the wizard's first save makes a draft that can be left and resumed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.note_definition import note_maker
from connectors.audit_labels import connector_label
from connectors.descriptions import clean_description, clean_icon
from connectors.errors import ConnectorError
from connectors.events import ConnectorDrafted
from connectors.models import Connector
from connectors.transports.base import NATIVE
from connectors.transports.kinds import checked_kind
from connectors.wizard_steps import CONNECTION
from harriet.lib.ids import new_id
from harriet.people.models import Organization, User
from harriet.people.names import clean_name, clean_slug
from harriet.people.permissions import demand
from harriet.people.roles import Power


@transaction.atomic
def draft_connector(
    organization: Organization,
    *,
    slug: str,
    name: str,
    description: str = "",
    icon: str = "",
    kind: str = NATIVE,
    id: UUID | None = None,
    actor: Actor,
) -> Connector:
    """`kind` is for good. `id` is the form's that it was entered into: sent twice, it is one draft. Raises
    ConnectorError beside the field."""
    demand(actor, organization, Power.MANAGE_CONNECTORS)
    connector = Connector(
        id=id or new_id(),
        organization=organization,
        slug=clean_slug(slug, longest=40),
        name=clean_name(name, longest=80),
        description=clean_description(description),
        icon=clean_icon(icon),
        kind=checked_kind(kind),
        owner=User.objects.filter(pk=actor.id).first() if actor.kind == "person" and actor.id else None,
        wizard_step=CONNECTION,
        review=Connector.Standing.DRAFT,
    )
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)  # one beginning at a time
    if (begun := _begun(connector)) is not None:
        return begun
    refuse_taken_slug(connector)
    connector.save(force_insert=True)
    note_maker(connector, actor)
    record(ConnectorDrafted(connector=connector_label(connector)), organization_id=organization.id, actor=actor)
    return connector


def _begun(connector: Connector) -> Connector | None:
    """The draft that the same form has made already, with the same in it. Raises ConnectorError for other things."""
    begun = Connector.objects.filter(pk=connector.pk).first()
    if begun is None:
        return None
    is_mine = begun.organization_id == connector.organization_id and begun.state == Connector.State.DRAFT
    if not is_mine or (begun.name, begun.slug) != (connector.name, connector.slug):
        raise ConnectorError("This form has begun a connector already. Begin another one from the list.")
    return begun


def refuse_taken_slug(connector: Connector) -> None:
    """Raises ConnectorError."""
    others = Connector.objects.filter(organization=connector.organization_id, slug=connector.slug)
    if others.exclude(pk=connector.pk).exists():
        raise ConnectorError(
            f"Another connector has the short name “{connector.slug}”. Choose a different one.", field="slug"
        )
