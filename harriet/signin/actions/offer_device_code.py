"""Offers a code to a client without a browser (RFC 8628): it polls while a person types the short code elsewhere."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from harriet.lib.secret import Secret
from harriet.people.models import Organization
from harriet.signin.actions.issue_tokens import checksum
from harriet.signin.models import Application, DeviceCode

LASTS = timedelta(minutes=15)
INTERVAL = 5
"""Seconds between two looks of a client."""
MOST_OPEN = 2000
"""Codes of an organization that wait at the same time: beyond that a typed code might be somebody's by chance."""
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no code is a word (RFC 8628 §6.1)."""
LENGTH = 8


class NewDeviceCode(NamedTuple):
    device_code: Secret
    user_code: str
    """As it is shown: in two groups."""


def offer_device_code(
    organization: Organization, application: Application, *, scope: str, resource: str, now: datetime
) -> NewDeviceCode | None:
    """None when too many wait already. Anybody may ask: it is nobody's deed until a person types the code."""
    DeviceCode.objects.filter(organization=organization, expires__lte=now - LASTS).delete()
    if DeviceCode.objects.filter(organization=organization, expires__gt=now).count() >= MOST_OPEN:
        return None
    device, typed = secrets.token_urlsafe(32), "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    made = DeviceCode.objects.create(
        organization=organization,
        client_id=application.client_id,
        device_code=checksum(device),
        user_code=typed,
        scope=scope,
        resource=resource,
        interval=INTERVAL,
        expires=now + LASTS,
    )
    DeviceCode.objects.filter(pk=made.pk).update(last_checked=now - timedelta(seconds=INTERVAL))
    return NewDeviceCode(Secret(device), f"{typed[:4]}-{typed[4:]}")
