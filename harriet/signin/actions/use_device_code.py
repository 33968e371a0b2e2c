"""Uses a device code: what became of it, for the client that polls; an authorized one is given out once."""

from __future__ import annotations

from datetime import datetime, timedelta

from harriet.signin.actions.end_tokens import lock_app
from harriet.signin.actions.issue_tokens import checksum
from harriet.signin.models import Application, DeviceCode

_SLOWEST = 60
"""Seconds between two looks that a client is told to wait at most."""


def take_device_code(code: str, application: Application, now: datetime) -> tuple[str | None, DeviceCode | None]:
    """The status as RFC 8628 §3.5 calls it, and the row. An authorized code is given out once."""
    rows = DeviceCode.objects.filter(
        organization=application.organization_id, client_id=application.client_id, device_code=checksum(code)
    )
    lock_app(rows.values_list("connected_app", flat=True).first())
    row = rows.select_related("connected_app", "user").select_for_update(of=("self",)).first()
    if row is None or row.status == DeviceCode.EXPIRED:
        return (None if row is None else "expired_token"), None
    if row.status == DeviceCode.DENIED:
        return "access_denied", row
    if row.expires <= now:
        return "expired_token", row
    if row.status == DeviceCode.AUTHORIZATION_PENDING:
        return _pending(row, now), row
    DeviceCode.objects.filter(pk=row.pk).update(status=DeviceCode.EXPIRED)
    return "authorized", row


def _pending(row: DeviceCode, now: datetime) -> str:
    """A client that asks too early is told to wait five seconds longer from now on."""
    is_early = row.last_checked + timedelta(seconds=row.interval) > now
    interval = min(row.interval + 5, _SLOWEST) if is_early else row.interval
    DeviceCode.objects.filter(pk=row.pk).update(last_checked=now, interval=interval)
    return "slow_down" if is_early else "authorization_pending"
