"""Revokes a device with all its credentials, for one that is lost, sold or replaced."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import device_label, person_label
from harriet.people.endings import DeviceEnding, device_ended
from harriet.people.events import DeviceRevoked
from harriet.people.holders import demand_own
from harriet.people.models import Device
from harriet.people.version import move_version


def revoke_device(device: Device, *, actor: Actor) -> None:
    """With all its tokens, at once. Raises NotAllowed."""
    demand_own(actor, device.organization, device.user)
    with transaction.atomic():
        if not Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=Now()):
            return
        device.tokens.filter(revoked_at=None).update(revoked_at=Now())
        move_version(device.organization_id)
        record(
            DeviceRevoked(person=person_label(device.user), device=device_label(device)),
            organization_id=device.organization_id,
            actor=actor,
        )
        device_ended(DeviceEnding(device.pk, actor))
