"""The snapshots that a process made last, from which the next ones are made: for pages and Celery workers, too, which
need one for as long as a call takes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from uuid import UUID

from harriet.gateway.policy.snapshot import Snapshot

MOST = 20
"""Organizations. Those that calls go through are in memory anyway."""

_snapshots: OrderedDict[UUID, Snapshot] = OrderedDict()
_lock = Lock()


def last_known(organization_id: UUID) -> Snapshot | None:
    with _lock:
        return _snapshots.get(organization_id)


def remember(snapshot: Snapshot) -> None:
    with _lock:
        _snapshots[snapshot.facts.id] = snapshot
        _snapshots.move_to_end(snapshot.facts.id)
        if len(_snapshots) > MOST:
            _snapshots.popitem(last=False)


def forget(organization_id: UUID) -> None:
    """It is gone."""
    with _lock:
        _snapshots.pop(organization_id, None)
