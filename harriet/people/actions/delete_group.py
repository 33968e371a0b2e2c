"""Deletes a group, and with it every permission that it gave."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.endings import Ending, right_ended
from harriet.people.events import GroupDeleted
from harriet.people.models import Group
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


def delete_group(group: Group, *, actor: Actor) -> None:
    """What it gave its members is gone with it. Raises NotAllowed."""
    demand(actor, group.organization, Power.MANAGE_PEOPLE)
    with transaction.atomic():
        organization_id, name = group.organization_id, group.name
        if not Group.objects.filter(pk=group.pk).delete()[0]:
            return
        move_version(organization_id)
        record(GroupDeleted(group=name), organization_id=organization_id, actor=actor)
        right_ended(Ending(organization_id, None, f"The group {name} was deleted.", actor))
