"""Registers a device of a person, so that it can get a credential of its own."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.issue_device_credential import active_membership
from harriet.people.actors import device_label, person_label
from harriet.people.errors import PeopleError
from harriet.people.events import DeviceRegistered
from harriet.people.holders import demand_for
from harriet.people.models import Device, Organization, User
from harriet.people.names import clean_name


def register_device(organization: Organization, user: User, name: str, *, actor: Actor) -> Device:
    """Nobody but the person themselves, or who manages tokens. It opens nothing yet, so no version moves."""
    demand_for(actor, organization, user)
    name = clean_name(name, longest=80)
    with transaction.atomic():
        active_membership(organization, user)
        device = _insert(organization, user, name)
        record(
            DeviceRegistered(person=person_label(user), device=device_label(device)),
            organization_id=organization.pk,
            actor=actor,
        )
    return device


def _insert(organization: Organization, user: User, name: str) -> Device:
    try:
        with transaction.atomic():
            return Device.objects.create(organization=organization, user=user, name=name)
    except IntegrityError:
        raise PeopleError(f"There is already a device called {name}. Choose another name.", field="name") from None
