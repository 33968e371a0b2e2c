"""The proof of one event: that it is as it was recorded, and which link of the chain holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection

from audit.chain import hashes
from audit.chain.seals import StoredSeal, is_ours
from audit.models import Event, Seal, Unsealed
from audit.stored_event import COLUMNS, MICROSECONDS, StoredEvent, complaint
from harriet.lib.microseconds import microseconds_of

_MOST_SEALS = 50
_CLOCK_STEP = timedelta(minutes=5)
"""How far the database's clock may have been set back between an event and its seal."""


@dataclass(frozen=True, slots=True)
class Proof:
    seal: Seal | None
    """None while the event waits for its seal."""
    place: int
    """Counted from 1 among the events of the seal."""
    wrong: str
    """What doesn't fit, as a sentence; empty when everything does."""


def proof_of(event: Event) -> Proof:
    wrong = _event_complaint(event)
    seal = _seal_of(event)
    if seal is None:
        is_waiting = Unsealed.objects.filter(event_id=event.id).exists()
        return Proof(None, 0, wrong or ("" if is_waiting else "No seal holds this event."))
    return Proof(seal, seal.event_ids.index(event.id) + 1, wrong or _seal_complaint(seal))


def _event_complaint(event: Event) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM audit_event WHERE id = %s", [event.id])  # noqa: S608 (no input)
        wrong = complaint(StoredEvent._make(cursor.fetchone()), str(event.organization_id))
    return f"This event {wrong}." if wrong else ""


def _seal_of(event: Event) -> Seal | None:
    """Found by walking on from the time of the event: nearly always the next seal. Seals of others don't count."""
    since = event.recorded_at - _CLOCK_STEP
    later = Seal.objects.filter(organization_id=event.organization_id, sealed_at__gte=since)
    holding = later.filter(event_ids__contains=[event.id]).order_by("sealed_at")
    return next((seal for seal in holding[:_MOST_SEALS] if _is_own(seal)), None)


def _is_own(seal: Seal) -> bool:
    hashes = (bytes(seal.previous), bytes(seal.root), bytes(seal.link), bytes(seal.mac))
    micros = microseconds_of(seal.sealed_at)
    stored = StoredSeal(seal.id, seal.sequence, seal.algorithm, *hashes, len(seal.event_ids), micros)
    return is_ours(seal.organization_id, stored)


def _seal_complaint(seal: Seal) -> str:
    """Makes root and link anew from the events as they are now."""
    leaves = _leaves(list(seal.event_ids))
    link = hashes.link(seal.organization_id, seal.sequence, bytes(seal.previous), hashes.root(leaves), len(leaves))
    if len(leaves) != len(seal.event_ids) or link != bytes(seal.link):
        return f"Seal {seal.sequence} doesn't fit the events that it holds."
    return ""


def _leaves(event_ids: list[UUID]) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, body, mac, {MICROSECONDS.format('recorded_at')} FROM audit_event WHERE id = ANY(%s)",  # noqa: S608
            [event_ids],
        )
        found = {id: hashes.leaf(id.bytes, body.encode(), bytes(mac), at) for id, body, mac, at in cursor.fetchall()}
    return [found[event_id] for event_id in event_ids if event_id in found]
