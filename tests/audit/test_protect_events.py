"""What was recorded can't be changed: not by the runtime role, and not by the owner while the triggers stand."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.db import connection

from audit.chain.sealing import seal_everything
from audit.database.protection import database_faults
from audit.database.roles import grant_runtime_role, protection_gaps
from audit.models import SetAside
from audit.verification.verify import verify
from audit.writing.writer import AuditWriter
from harriet.lib.ids import new_id
from tests.stage.events import ACME, GLOBEX, call_event, remember

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("audit_event", "audit_seal", "audit_checkpoint", "audit_setaside")
ROLE = "harriet_story"


@pytest.fixture
def recorded() -> None:
    remember()
    seal_everything()
    SetAside.objects.create(event_id=new_id(), organization_id=GLOBEX)
    assert verify(ACME).is_sound


@pytest.fixture
def runtime() -> Iterator[psycopg.Connection]:
    """A session as the runtime role."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'")
        if not cursor.fetchone():
            cursor.execute(f"CREATE ROLE {ROLE}")
        grant_runtime_role(cursor, ROLE)
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as session:
        session.execute(f"SET SESSION AUTHORIZATION {ROLE}")
        yield session


def attacks(table: str) -> list[str]:
    change = {"audit_event": "code = 'forged'", "audit_setaside": "found_at = now()"}.get(table, "sequence = 99")
    key = "event_id" if table == "audit_setaside" else "id"
    return [
        f"UPDATE {table} SET {change}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET {change}",
    ]


ATTACKS = [statement for table in TABLES for statement in attacks(table)]
ATTACKS += ["DELETE FROM audit_mark", "TRUNCATE audit_mark"]


def test_the_runtime_role_is_denied_every_change(recorded: None, runtime: psycopg.Connection) -> None:
    for statement in ATTACKS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute(statement)
    assert verify(ACME).is_sound


def test_the_runtime_role_cannot_switch_triggers_off(runtime: psycopg.Connection) -> None:
    for attack in (
        "SET session_replication_role = replica",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_event_append_only ON audit_event",
        "DROP TABLE audit_event CASCADE",
        "CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
        "CREATE TABLE sneaky ()",
        "INSERT INTO audit_unsealed SELECT id, organization_id FROM audit_event",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute(attack)


def test_the_runtime_role_cannot_say_when_something_was_recorded(runtime: psycopg.Connection) -> None:
    row = call_event()._asdict()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _insert(runtime, row | {"recorded_at": "2001-01-01"})
    _insert(runtime, row)
    assert runtime.execute("SELECT recorded_at > now() - interval '1 minute' FROM audit_event").fetchone() == (True,)


def _insert(session: psycopg.Connection, row: dict[str, object]) -> None:
    body = row["body"]
    values = row | {"body": body.decode() if isinstance(body, bytes) else body}
    names, places = ", ".join(values), ", ".join(["%s"] * len(values))
    session.execute(f"INSERT INTO audit_event ({names}) VALUES ({places})", list(values.values()))


def test_the_rights_of_the_runtime_role_are_no_fault(runtime: psycopg.Connection) -> None:
    assert database_faults() == []


def test_the_triggers_stop_even_the_owner(recorded: None) -> None:
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as owner:
        for role in ("origin", "replica"):
            owner.execute(f"SET session_replication_role = {role}")
            for statement in ATTACKS:
                with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
                    owner.execute(statement)
    assert verify(ACME).is_sound


def test_events_inserted_as_a_replica_are_queued_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    remember()
    with connection.cursor() as cursor:
        cursor.execute("RESET session_replication_role")
    assert seal_everything() == 1


def test_the_runtime_role_can_do_its_work(runtime_url: str) -> None:
    """The role that `manage.py start` makes: writes by COPY, seals, verifies."""

    async def story() -> None:
        writer = AuditWriter(runtime_url)
        await writer.start()
        await writer.write(call_event())
        await writer.stop()

    asyncio.run(story())
    with psycopg.connect(runtime_url, autocommit=True) as session:
        assert session.execute("SELECT count(*) FROM audit_event").fetchone() == (1,)
        assert session.execute("DELETE FROM audit_unsealed").rowcount == 1


def test_an_owner_at_run_time_is_warned_of() -> None:
    assert any("switch the audit triggers off" in gap for gap in protection_gaps())
    found = run_checks(databases=["default"], include_deployment_checks=True, tags=["database"])
    assert "audit.W001" in {warning.id for warning in found}


def test_a_missing_trigger_is_told() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_seal ENABLE TRIGGER audit_seal_no_truncate")
    assert any("audit_seal_no_truncate" in gap for gap in protection_gaps())
