"""Verifications that were made, signed: nobody without the key can say that the chain held, or how far."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from functools import cache
from uuid import UUID

from django.db.models import QuerySet

from audit.models import Checkpoint
from harriet.lib.keyfile import derive

_MOST_FOREIGN = 10_000
"""So many rows in a row that aren't ours are passed over."""


def mac_of_checkpoint(made: Checkpoint) -> bytes:
    numbers = b"".join(n.to_bytes(8, "big", signed=True) for n in _numbers(made))
    message = made.id.bytes + made.organization_id.bytes + numbers + bytes(made.link) + made.fault.encode()
    return hmac.digest(_key(), message, "sha256")


def _numbers(made: Checkpoint) -> tuple[int, ...]:
    return (made.sequence, made.events, made.faults, made.foreign)


def is_own(made: Checkpoint) -> bool:
    return hmac.compare_digest(mac_of_checkpoint(made), bytes(made.mac))


@cache
def _key() -> bytes:
    return derive("audit", "checkpoint-mac/v1")


def remember(made: Checkpoint) -> None:
    made.mac = mac_of_checkpoint(made)
    made.save(force_insert=True)


def last_verification(organization_id: UUID) -> Checkpoint | None:
    """The newest that Harriet made."""
    return next(_own(_of(organization_id).order_by("-verified_at", "-id")), None)


def furthest(organization_id: UUID) -> Checkpoint | None:
    """Of those that found nothing wrong, the one that saw the longest chain."""
    return next(_own(_of(organization_id).filter(fault="").order_by("-sequence")), None)


def foreign_count(organization_id: UUID) -> int:
    """Signed by somebody else. Those from before there were signatures say nothing, and do no harm."""
    signed = _of(organization_id).exclude(mac=b"").iterator()
    return sum(1 for made in signed if not is_own(made))


def _of(organization_id: UUID) -> QuerySet[Checkpoint]:
    return Checkpoint.objects.filter(organization_id=organization_id)


def _own(rows: QuerySet[Checkpoint]) -> Iterator[Checkpoint]:
    return (made for made in rows[:_MOST_FOREIGN].iterator() if is_own(made))
