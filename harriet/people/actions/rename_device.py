"""Gives a device another name: its credentials and what the log says of it stay."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import device_label, person_label
from harriet.people.errors import PeopleError
from harriet.people.events import DeviceRenamed
from harriet.people.holders import demand_own
from harriet.people.models import Device
from harriet.people.names import clean_name
from harriet.people.version import move_version


def rename_device(device: Device, name: str, *, actor: Actor) -> Device:
    """The version moves: calls are logged under the new name from then on. Raises PeopleError for a name that the
    person has for another."""
    demand_own(actor, device.organization, device.user)
    name = clean_name(name, longest=80)
    with transaction.atomic():
        locked = Device.objects.select_for_update(of=("self",)).select_related("user", "organization").get(pk=device.pk)
        before, locked.name = locked.name, name
        if before == name:
            return locked
        _save(locked)
        move_version(locked.organization_id)
        event = DeviceRenamed(person=person_label(locked.user), device=device_label(locked), before=before)
        record(event, organization_id=locked.organization_id, actor=actor)
    return locked


def _save(device: Device) -> None:
    try:
        with transaction.atomic():
            device.save(update_fields=["name"])
    except IntegrityError:
        message = f"There is already a device called {device.name}. Choose another name."
        raise PeopleError(message, field="name") from None
