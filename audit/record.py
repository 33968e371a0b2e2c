"""Recording an event in the transaction of the change that it tells of: both happen, or neither."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.transaction import TransactionManagementError

from audit.actor import Actor
from audit.event import NewEvent, compose

_BODY = NewEvent._fields.index("body")
_INSERT = (
    f"INSERT INTO audit_event ({', '.join(NewEvent._fields)}) VALUES ({', '.join(['%s'] * len(NewEvent._fields))})"  # noqa: S608
)
"""Not through the model, which would name `recorded_at`: the runtime role may not say when an event was recorded."""


def record(code: str, *, organization_id: UUID, actor: Actor, **fields: Any) -> UUID:
    """Writes one event and returns its id. Takes the fields of audit.event.compose.

    Raises TransactionManagementError outside a transaction: there the change and its event could part.
    """
    return insert(compose(code, organization_id=organization_id, actor=actor, **fields))


def insert(event: NewEvent) -> UUID:
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{event.code} must be recorded inside the transaction of its change.")
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*event[:_BODY], event.body.decode(), event.mac])
    return event.id
