"""What the audit stories share: events as Dana's client would cause them, and an attacker at the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.actor import Actor, Label
from audit.chain import hashes
from audit.event_body import Frame, NewEvent
from audit.events import CALL_INTENT
from audit.models import Event
from audit.record import insert
from audit.unfinished_calls import unfinished_intents
from audit.vocabulary.declaration import LABELS, OF_CALLERS, WORDS
from harriet.lib.ids import new_id

ACME, GLOBEX = new_id(), new_id()
DANA = Label(new_id(), "Dana")
LAPTOP = Label(new_id(), "Dana's laptop")
CRM = Label(new_id(), "CRM")
SEARCH = Label(new_id(), "search_customers")
TOKEN = Actor("token", new_id(), "Dana's laptop")


def any_event(
    code: str, *, organization_id: UUID, actor: Actor, request_id: UUID | None = None, **fields: Any
) -> NewEvent:
    """An event as the log may hold one, whether or not this version of Harriet would write it."""
    framed = {name: value for name, value in fields.items() if name in LABELS or name in OF_CALLERS}
    words = {name: value for name, value in fields.items() if name in WORDS and name not in OF_CALLERS}
    details = {name: value for name, value in fields.items() if name not in framed and name not in words}
    frame = Frame(organization_id=organization_id, actor=actor, **framed)
    return frame.event(code, details, **words, request_id=request_id)


def call_event(code: str = CALL_INTENT, organization_id: UUID = ACME, **fields: Any) -> NewEvent:
    told = {"actor": TOKEN, "person": DANA, "device": LAPTOP, "connector": CRM, "tool": SEARCH} | fields
    return any_event(code, organization_id=organization_id, **told)


def remember(code: str = CALL_INTENT, organization_id: UUID = ACME, **fields: Any) -> NewEvent:
    event = call_event(code, organization_id, **fields)
    with transaction.atomic():
        insert(event)
    return event


def remember_many(count: int, organization_id: UUID = ACME) -> list[NewEvent]:
    with transaction.atomic():
        events = [call_event(organization_id=organization_id, number=number) for number in range(count)]
        for event in events:
            insert(event)
    return events


@contextmanager
def triggers_off() -> Iterator[None]:
    """What only the owner of the tables can do: the triggers no longer stand in the way."""
    tables = ("audit_event", "audit_seal", "audit_checkpoint", "audit_setaside", "audit_mark")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
            for kind in ("no_delete" if table == "audit_mark" else "append_only", "no_truncate"):
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{kind}")
        cursor.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_queue")


def tamper(statement: str, *values: Any) -> int:
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def age(*events: NewEvent, seconds: int) -> None:
    """Makes events older, as only the owner of the tables can."""
    tamper(
        "UPDATE audit_event SET recorded_at = recorded_at - make_interval(secs => %s) WHERE id = ANY(%s)",
        seconds,
        [event.id for event in events],
    )


def unfinished_intents_of(organization_id: UUID) -> list[UUID]:
    intents = Event.objects.filter(organization_id=organization_id, code=CALL_INTENT)
    return unfinished_intents(set(intents.values_list("request_id", flat=True)))


def forge(organization_id: UUID = ACME, **columns: Any) -> UUID:
    """A row that looks like an event of Dana's, as anybody with the runtime role's password can write it."""
    row = call_event(organization_id=organization_id)._asdict() | {"mac": b"x" * 32} | columns
    if isinstance(row["body"], bytes):
        row["body"] = row["body"].decode()
    statement = f"INSERT INTO audit_event ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
    with connection.cursor() as cursor:
        cursor.execute(statement, list(row.values()))
    return UUID(str(row["id"]))


def forge_seal(
    sequence: int, organization_id: UUID = ACME, event_ids: list[UUID] | None = None, **columns: Any
) -> UUID:
    """A seal whose hashes fit, as anybody can compute them; only its MAC can't be made without the key."""
    held = event_ids or [new_id()]
    root, previous = b"r" * 32, b"p" * 32
    row = {
        "id": new_id(),
        "organization_id": organization_id,
        "sequence": sequence,
        "algorithm": hashes.ALGORITHM,
        "previous": previous,
        "event_ids": held,
        "root": root,
        "link": hashes.link(organization_id, max(sequence, 0), previous, root, len(held)),
        "mac": b"x" * 32,
        "sealed_at": datetime.now(UTC),
    } | columns
    statement = f"INSERT INTO audit_seal ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
    with connection.cursor() as cursor:
        cursor.execute(statement, list(row.values()))
    return UUID(str(row["id"]))
