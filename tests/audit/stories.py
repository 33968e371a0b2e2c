"""What the audit stories share: events as Dana's client would cause them, and an attacker at the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.actor import Actor, Label
from audit.event import NewEvent, compose
from audit.events import CALL_INTENT
from audit.record import insert
from harriet.lib.ids import new_id

ACME, GLOBEX = new_id(), new_id()
DANA = Label(new_id(), "Dana")
LAPTOP = Label(new_id(), "Dana's laptop")
CRM = Label(new_id(), "CRM")
SEARCH = Label(new_id(), "search_customers")
TOKEN = Actor("token", new_id(), "Dana's laptop")


def call_event(code: str = CALL_INTENT, organization_id: UUID = ACME, **fields: Any) -> NewEvent:
    return compose(
        code,
        organization_id=organization_id,
        **({"actor": TOKEN, "person": DANA, "device": LAPTOP, "connector": CRM, "tool": SEARCH} | fields),
    )


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
    tables = ("audit_event", "audit_seal", "audit_checkpoint")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
            for kind in ("append_only", "no_truncate"):
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
