"""Publishes the control files of a group at an address of their own, or takes them from there."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_behind
from harriet.people.events import ControlFilesPublished, ControlFilesWithdrawn
from harriet.people.models import Group, PublishedControlFiles
from harriet.people.permissions import demand
from harriet.people.roles import Power


def publish_control_files(group: Group, *, actor: Actor) -> PublishedControlFiles:
    """They hold names and addresses, which stand on every machine that they are for, and open nothing."""
    demand(actor, group.organization, Power.MANAGE_PROFILES)
    with transaction.atomic():
        published, is_new = PublishedControlFiles.objects.get_or_create(
            group=group, defaults={"organization_id": group.organization_id, "published_by": person_behind(actor)}
        )
        if is_new:
            record(ControlFilesPublished(group=group.name), organization_id=group.organization_id, actor=actor)
    return published


def withdraw_control_files(group: Group, *, actor: Actor) -> bool:
    """Published again, they get another address. False when they were at none."""
    demand(actor, group.organization, Power.MANAGE_PROFILES)
    with transaction.atomic():
        gone, _ = PublishedControlFiles.objects.filter(group=group).delete()
        if gone:
            record(ControlFilesWithdrawn(group=group.name), organization_id=group.organization_id, actor=actor)
    return bool(gone)
