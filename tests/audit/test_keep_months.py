"""The log lies in a table for each month: events find theirs, nobody comes past them, and an older log moves whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from audit.chain.sealing import seal_everything
from audit.database.protection import database_faults
from audit.database.roles import grant_runtime_role
from audit.database.tables import months
from audit.event_body import NewEvent
from audit.id_ranges import first_id
from audit.looking import Span
from audit.models import Event, SetAside
from audit.queries import EventFilters, event_of, event_page
from audit.tasks import make_months
from audit.verification.verify import verify
from harriet.lib.ids import new_id
from tests.stage.events import ACME, age, forge, remember, remember_many, tamper

pytestmark = pytest.mark.django_db(transaction=True)

ROLE = "harriet_months"
NO_TIME = UUID("f0000000-0000-4000-8000-000000000001")


def month_of(event_id: UUID) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM audit_event WHERE id = %s", [event_id])
        return str(cursor.fetchone()[0])


def of_months() -> list[str]:
    with connection.cursor() as cursor:
        return months(cursor)


def next_months(many: int) -> list[datetime]:
    first = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    made = [first]
    for _ in range(many):
        made.append((made[-1] + timedelta(days=32)).replace(day=1))
    return made[1:]


def made_at(moment: datetime) -> UUID:
    """An id as it is made in that moment."""
    return UUID(int=first_id(moment).int | new_id().int & (1 << 80) - 1)


def remember_at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> NewEvent:
    monkeypatch.setattr("audit.event_body.new_id", lambda: made_at(moment))
    event = remember()
    monkeypatch.undo()
    return event


def test_three_months_are_ready_and_made_once() -> None:
    named = [f"audit_event_{month:%Y_%m}" for month in next_months(3)]
    assert of_months() == [*named, "audit_event_before", "audit_event_others"]
    make_months()
    assert len(of_months()) == 5


def test_a_missing_month_is_attached_by_the_role_that_runs(runtime_url: str) -> None:
    last = f"audit_event_{next_months(3)[-1]:%Y_%m}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {last}")
    with psycopg.connect(runtime_url, autocommit=True) as session:
        assert session.execute("SELECT audit_make_months()").fetchone() == (1,)
    assert last in of_months()
    assert database_faults() == []


def test_each_event_lies_in_its_month_and_is_proved_there(monkeypatch: pytest.MonkeyPatch) -> None:
    month = next_months(2)[-1]
    now, later = remember(), remember_at(month, monkeypatch)
    assert (month_of(now.id), month_of(later.id)) == ("audit_event_before", f"audit_event_{month:%Y_%m}")
    assert event_of(ACME, later.id) is not None
    assert seal_everything() == 2
    found = verify(ACME)
    assert (found.is_sound, found.events) == (True, 2)


def test_an_event_stands_in_its_place_whichever_month_its_id_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    turn = next_months(1)[0]
    events = [remember_at(at, monkeypatch) for at in (turn - 20 * day, turn + 20 * day, turn - hour, turn + hour)]
    for seconds, event in enumerate(events):
        tamper("UPDATE audit_event SET recorded_at = %s WHERE id = %s", turn + timedelta(seconds=seconds), event.id)
    page = event_page(ACME, EventFilters(), size=3)
    older = event_page(ACME, EventFilters(), page.older, size=3)
    assert [event.id for event in (*page.events, *older.events)] == [event.id for event in reversed(events)]


def test_an_id_of_no_month_hinders_nothing() -> None:
    strange = [forge(id=NO_TIME), forge(id=made_at(next_months(4)[-1]))]
    assert {month_of(event_id) for event_id in strange} == {"audit_event_others"}
    assert seal_everything() == 0
    assert set(SetAside.objects.values_list("event_id", flat=True)) == set(strange)
    assert verify(ACME).foreign == 2


def test_a_month_that_strangers_wrote_into_first_stays_among_the_others() -> None:
    last = next_months(3)[-1]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE audit_event_{last:%Y_%m}")
    forge(id=made_at(last))
    make_months()
    assert len(of_months()) == 4


def test_a_page_opens_the_months_that_it_is_about() -> None:
    lane = Event.objects.filter(organization_id=ACME).order_by("-recorded_at")
    long_ago = datetime.now(UTC) - timedelta(days=100)
    assert named_in(Span(long_ago, long_ago + timedelta(days=31)).of(lane).explain()) == {"audit_event_before"}
    assert named_in(lane.explain()) == set(of_months())


def named_in(plan: str) -> set[str]:
    return {month for month in of_months() if f" on {month} " in plan}


@pytest.fixture
def runtime() -> Iterator[psycopg.Connection]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if not cursor.fetchone():
            cursor.execute(f"CREATE ROLE {ROLE}")
        grant_runtime_role(cursor, ROLE)
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as session:
        session.execute(f"SET SESSION AUTHORIZATION {ROLE}")
        yield session


def test_nobody_comes_to_a_month_past_the_table_of_all(runtime: psycopg.Connection) -> None:
    for month in of_months():
        for statement in (
            f"INSERT INTO {month} SELECT * FROM audit_event",
            f"UPDATE {month} SET code = 'forged'",
            f"DELETE FROM {month}",
            f"TRUNCATE {month}",
            f"ALTER TABLE audit_event DETACH PARTITION {month}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(statement)


def test_the_triggers_of_a_month_stop_even_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    remember()
    remember_at(next_months(1)[0], monkeypatch)
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        for month in (f"audit_event_{next_months(1)[0]:%Y_%m}", "audit_event_before"):
            for statement in (f"UPDATE {month} SET code = 'forged'", f"DELETE FROM {month}", f"TRUNCATE {month}"):
                with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
                    owner.execute(statement)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP TRIGGER audit_event_no_truncate ON audit_event_others", "audit_event_no_truncate on audit_event_others"),
        ("ALTER TABLE audit_event_before DISABLE TRIGGER ALL", "audit_event_append_only on audit_event_before"),
        ("GRANT INSERT ON audit_event_before TO PUBLIC", "may INSERT audit_event_before"),
        ("ALTER TABLE audit_event_others ENABLE ROW LEVEL SECURITY", "at audit_event_others: row security"),
        ("CREATE OR REPLACE FUNCTION audit_make_months() RETURNS integer LANGUAGE sql AS 'SELECT 0'", "make_months"),
    ],
)
def test_a_month_that_could_be_changed_is_told(change: str, told: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)
    assert any(told in fault for fault in database_faults())


def test_a_log_from_before_there_were_months_moves_whole() -> None:
    remember_many(30)
    assert seal_everything() == 30
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate([("audit", "0006_indexes_for_searching")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_event'::regclass")
        assert cursor.fetchone() == (0,)
    waiting, strange = remember(), forge(id=NO_TIME)
    age(waiting, seconds=5)
    before = set(Event.objects.values_list("id", "mac", "recorded_at"))
    MigrationExecutor(connection).migrate(latest)
    assert set(Event.objects.values_list("id", "mac", "recorded_at")) == before
    assert (month_of(waiting.id), month_of(strange)) == ("audit_event_before", "audit_event_others")
    assert [seal_everything(), seal_everything()] == [1, 1], "and then that something was set aside"
    found = verify(ACME)
    assert (found.events, found.foreign, found.faults.count, database_faults()) == (32, 1, 1, [])


def test_who_reads_the_whole_log_is_not_kept_waiting_by_a_new_month(runtime_url: str) -> None:
    last = f"audit_event_{next_months(3)[-1]:%Y_%m}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {last}")
        cursor.execute("ALTER FUNCTION audit_make_months() SET lock_timeout = '50ms'")
    with psycopg.connect(runtime_url) as reader, psycopg.connect(runtime_url, autocommit=True) as worker:
        reader.execute("SELECT count(*) FROM audit_event")
        assert worker.execute("SELECT audit_make_months()").fetchone() == (0,)
    make_months()
    assert last in of_months()
