"""Make what a device calls stricter than its profiles are, or leave it to them again."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import device_label, person_label
from harriet.people.events import DeviceTrustChanged
from harriet.people.holders import demand_own, is_own
from harriet.people.models import Device
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.trust import Trust, strictest
from harriet.people.version import move_version


@transaction.atomic
def set_device_trust(device: Device, trust: str, *, actor: Actor) -> bool:
    """By its person, or whoever manages credentials; empty leaves it to the profiles. True when something changed.

    What the person themselves didn't set they can make stricter, and not less strict. Raises NotAllowed.
    """
    demand_own(actor, device.organization, device.user)
    locked = Device.objects.select_for_update(of=("self",)).select_related("user", "organization").get(pk=device.pk)
    before, trust = locked.trust, Trust(trust).value if trust else ""
    if before == trust:
        return False
    if before and strictest((before, trust or Trust.AUTONOMOUS)) != trust and not _set_it(locked, actor):
        demand(actor, locked.organization, Power.MANAGE_TOKENS)
    locked.trust, locked.trust_set_by_id = trust, actor.id if actor.kind == "person" else None
    locked.save(update_fields=["trust", "trust_set_by"])
    happened = DeviceTrustChanged(
        person=person_label(locked.user),
        device=device_label(locked),
        trust=locked.get_trust_display() if trust else "as its profiles",
    )
    record(happened, organization_id=locked.organization_id, actor=actor)
    move_version(locked.organization_id)
    return True


def _set_it(device: Device, actor: Actor) -> bool:
    return is_own(actor, device.organization, device.user) and device.trust_set_by_id == actor.id
