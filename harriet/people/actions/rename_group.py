"""Renames a group; its short name, which set-up files use, stays."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.events import GroupRenamed
from harriet.people.models import Group
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


def rename_group(group: Group, name: str, *, actor: Actor) -> Group:
    """Its short name stays. Raises NotAllowed or PeopleError."""
    demand(actor, group.organization, Power.MANAGE_PEOPLE)
    name = clean_name(name)
    if name == group.name:
        return group
    with transaction.atomic():
        before, group.name = group.name, name
        group.save(update_fields=["name"])
        move_version(group.organization_id)
        record(GroupRenamed(group=name, before=before), organization_id=group.organization_id, actor=actor)
    return group
