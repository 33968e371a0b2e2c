"""Recording an event in the transaction of the change that it tells of: both happen, or neither."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection
from django.db.transaction import TransactionManagementError

from audit.actor import Actor
from audit.event_body import NewEvent, compose
from audit.vocabulary.declaration import AuditEvent
from harriet.lib.batches import in_batches

_BODY = NewEvent._fields.index("body")
_INSERT = (
    f"INSERT INTO audit_event ({', '.join(NewEvent._fields)}) VALUES ({', '.join(['%s'] * len(NewEvent._fields))})"  # noqa: S608
)
"""Not through the model, which would name `recorded_at`: the runtime role may not say when an event was recorded."""
_TYPES = ("uuid", "uuid", "uuid", "text", "uuid", "uuid", "uuid", "text", "text", "text", "bytea")
_INSERT_MANY = (
    f"INSERT INTO audit_event ({', '.join(NewEvent._fields)}) SELECT *"  # noqa: S608
    f" FROM unnest({', '.join(f'%s::{of}[]' for of in _TYPES)})"
)
AT_ONCE = 1000
"""Events in one statement."""


def record(happened: AuditEvent, *, organization_id: UUID, actor: Actor, request_id: UUID | None = None) -> UUID:
    """Writes one event and returns its id. Without `request_id` it carries that of the request we are in.

    Raises TransactionManagementError outside a transaction: there the change and its event could part.
    """
    return insert(compose(happened, organization_id=organization_id, actor=actor, request_id=request_id))


def record_each(happened: Sequence[AuditEvent], *, organization_id: UUID, actor: Actor) -> None:
    """One event for each, written together: a change of many things asks the database no more often than one of few.

    Raises TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Events must be recorded inside the transaction of their change.")
    insert_each(compose(one, organization_id=organization_id, actor=actor) for one in happened)


def insert_each(events: Iterable[NewEvent]) -> None:
    """Within a transaction."""
    for some in in_batches(events, AT_ONCE):
        columns = [list(column) for column in zip(*some, strict=True)]
        columns[_BODY] = [event.body.decode() for event in some]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_MANY, columns)


def insert(event: NewEvent) -> UUID:
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{event.code} must be recorded inside the transaction of its change.")
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*event[:_BODY], event.body.decode(), event.mac])
    return event.id
