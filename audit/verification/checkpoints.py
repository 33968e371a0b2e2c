"""Verifications that were made, signed: nobody without the key can say that the chain held, or how far."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from audit.models import Checkpoint
from harriet.lib.database_clock import database_now
from harriet.lib.keyfile import derive
from harriet.lib.microseconds import microseconds_of

_MOST_FOREIGN = 10_000
"""So many rows in a row that aren't ours are passed over."""
_CLOCK_STEP = timedelta(minutes=1)
"""What says that it was made later than this from now, nobody made."""


def mac_of_checkpoint(made: Checkpoint) -> bytes:
    numbers = b"".join(n.to_bytes(8, "big", signed=True) for n in _numbers(made))
    message = made.id.bytes + made.organization_id.bytes + numbers + bytes(made.link) + made.fault.encode()
    if not made.place:
        return hmac.digest(_key("v1"), message, "sha256")
    times = b"".join(_micros(at).to_bytes(8, "big", signed=True) for at in (made.verified_at, made.whole_since))
    place = made.place.encode()
    return hmac.digest(_key("v2"), len(place).to_bytes(4, "big") + place + times + message, "sha256")


def _numbers(made: Checkpoint) -> tuple[int, ...]:
    return (made.sequence, made.events, made.faults, made.foreign)


def _micros(at: datetime | None) -> int:
    return 0 if at is None else microseconds_of(at)


def is_own(made: Checkpoint) -> bool:
    return hmac.compare_digest(mac_of_checkpoint(made), bytes(made.mac))


@cache
def _key(version: str) -> bytes:
    return derive("audit", f"checkpoint-mac/{version}")


@transaction.atomic
def remember(made: Checkpoint) -> None:
    made.verified_at = database_now()
    made.mac = mac_of_checkpoint(made)
    made.save(force_insert=True)


def wait_to_remember(organization_id: UUID, patience: float) -> bool:
    """From here to the end of the transaction, no other verification of this log is written down. False after so many
    seconds: anybody in the database can take the lock, and that is not to keep other logs from being verified."""
    until = time.monotonic() + patience
    while True:
        with connection.cursor() as cursor:
            turn = f"harriet-audit-verification:{organization_id}"
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [turn])
            if cursor.fetchone()[0]:
                return True
        if time.monotonic() > until:
            return False
        time.sleep(0.05)


def last_verification(organization_id: UUID) -> Checkpoint | None:
    """The newest that Harriet made."""
    made = _of(organization_id).filter(verified_at__lte=Now() + _CLOCK_STEP)
    return next(_own(made.order_by("-verified_at", "-id")), None)


def last_verifications(organization_ids: Iterable[UUID]) -> dict[UUID, Checkpoint]:
    """The newest of each that Harriet made; of an organization whose newest somebody else wrote, none is believed."""
    latest = Checkpoint.objects.raw(
        "SELECT c.* FROM unnest(%s::uuid[]) AS o(id) CROSS JOIN LATERAL (SELECT * FROM audit_checkpoint"
        " WHERE organization_id = o.id AND verified_at <= now() + %s ORDER BY verified_at DESC, id DESC LIMIT 1) c",
        [list(organization_ids), _CLOCK_STEP],
    )
    return {made.organization_id: made for made in latest if is_own(made)}


def made_since(organization_id: UUID, since: datetime | None) -> list[Checkpoint]:
    """At this moment or after it, also by others; the newest of very many."""
    later = _of(organization_id).exclude(mac=b"")
    later = later if since is None else later.filter(verified_at__gte=since)
    return list(later.order_by("-verified_at", "-id")[:_MOST_FOREIGN])


def furthest(organization_id: UUID) -> Checkpoint | None:
    """Of those that found nothing wrong, the one that saw the longest chain."""
    return next(_own(_of(organization_id).filter(fault="").order_by("-sequence")), None)


def foreign_count(organization_id: UUID) -> int:
    """Signed by somebody else. Those from before there were signatures say nothing, and do no harm."""
    signed = _of(organization_id).exclude(mac=b"").iterator()
    return sum(1 for made in signed if not is_own(made))


def foreign_words(count: int) -> str:
    return f"{count} earlier verification(s) were not made by this installation. They don't count."


def _of(organization_id: UUID) -> QuerySet[Checkpoint]:
    return Checkpoint.objects.filter(organization_id=organization_id)


def _own(rows: QuerySet[Checkpoint]) -> Iterator[Checkpoint]:
    return (made for made in rows[:_MOST_FOREIGN].iterator() if is_own(made))
