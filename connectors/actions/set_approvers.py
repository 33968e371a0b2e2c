"""Say which groups decide on a connector's held calls, beside those whose role lets them decide on all."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Permission
from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.access.grantees import access_words, checked_groups
from connectors.audit_labels import connector_label
from connectors.events import ConnectorApproversChanged
from connectors.models import Connector, ConnectorGroupPermission, ConnectorPermission
from harriet.people.models import Group, RightGiven
from harriet.people.permissions import demand
from harriet.people.rights_given import note_right
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def set_approvers(connector: Connector, groups: Iterable[Group], *, actor: Actor) -> bool:
    """True when it changed. Raises ConnectorError for another organization's group."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    wanted = checked_groups(connector.organization_id, groups)
    rows = ConnectorGroupPermission.objects.filter(
        content_object=connector, permission__codename=ConnectorPermission.APPROVE
    )
    before, after = set(rows.values_list("group_id", flat=True)), {group.pk for group in wanted}
    if before == after:
        return False
    if after - before:
        note_right(connector.organization_id, RightGiven.Way.CONNECTOR, connector.pk, actor)
    permission = Permission.objects.get(codename=ConnectorPermission.APPROVE, content_type__app_label="connectors")
    rows.delete()
    ConnectorGroupPermission.objects.bulk_create(
        ConnectorGroupPermission(group=group, permission=permission, content_object=connector) for group in wanted
    )
    record(
        ConnectorApproversChanged(
            connector=connector_label(connector), groups=access_words((group.name for group in wanted), [])
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )
    move_version(connector.organization_id)
    return True
