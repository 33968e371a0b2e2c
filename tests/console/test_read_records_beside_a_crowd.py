"""A small and old organization beside one that has very many newer rows: its lists never walk the other's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connectors.models import Connector, SyncRun, Tool
from harriet.console.records import filters, overviews, paging, parents
from harriet.console.records.registry import all_records, model_of, record_of
from harriet.lib.ids import new_id
from harriet.lib.records import INSTALLATION, Record
from harriet.people.models import Membership, Organization, User
from harriet.people.roles import Role
from tests import database
from tests.console.crowd import crowd
from tests.console.records import list_url, rows_in
from tests.stage.cast import Cast, make_cast
from tests.stage.every_row import make_everything

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

MANY = 4_000
THROUGH_ANOTHER = [record for record in all_records() if "__" in record.scope]
UNCHANGING = ("audit.Event", "audit.Seal", "audit.Checkpoint")


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    with django_db_blocker.unblock():
        cast = make_cast()
        make_everything(cast)
        for record in all_records():
            if record.time and record.scope != INSTALLATION and record.model not in UNCHANGING:
                model_of(record)._default_manager.update(**{record.time: F(record.time) - timedelta(days=400)})
        _many_parents(cast)
        crowd(cast.acme, Organization.objects.create(slug="huge", name="Huge"), MANY)
        yield cast
        database.copy_template()


def _many_parents(cast: Cast) -> None:
    """Half of all connectors and tools are the small organization's, so that the database takes half of all syncs and
    definitions for its own; but they have none."""
    connectors = [Connector(organization=cast.acme, slug=f"quiet-{n}", name=f"Quiet {n}") for n in range(MANY)]
    Connector.objects.bulk_create(connectors)
    Tool.objects.bulk_create(Tool(organization=cast.acme, connector=one, name="quiet") for one in connectors)


@pytest.fixture
def alice(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.alice)
    return client


def touched(node: dict[str, Any], table: str) -> int:
    """How many rows of the table a plan has read, thrown away ones included."""
    read = sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"))
    own = read * node["Actual Loops"] if node.get("Relation Name") == table else 0
    return int(own) + sum(touched(below, table) for below in node.get("Plans", []))


def most_touched(client: Client, record: Record, query: dict[str, str]) -> int:
    with CaptureQueriesContext(connection) as taken:
        answer = client.get(list_url(record), query)
    assert answer.status_code == 200
    assert len(taken) <= 15
    table, most = model_of(record)._meta.db_table, 0
    for one in taken.captured_queries:
        if f'"{table}"' in one["sql"] and "FOR UPDATE" not in one["sql"]:
            with connection.cursor() as cursor:
                # As at a size at which reading a whole table is dear; these tables are small for a test.
                cursor.execute("SET enable_seqscan = off")
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {one['sql']}")
                plan = cursor.fetchone()[0]
                cursor.execute("RESET enable_seqscan")
            plan = json.loads(plan) if isinstance(plan, str) else plan
            most = max(most, touched(plan[0]["Plan"], table))
    return most


@pytest.mark.parametrize("record", THROUGH_ANOTHER, ids=lambda record: record.model)
def test_rows_reached_through_another_row_cost_what_one_has_oneself(cast: Cast, alice: Client, record: Record) -> None:
    own = rows_in(record, cast.acme).count()
    assert own < 300
    for query in ({}, {name: "yes" for name in record.filters if name.startswith("is_")}):
        assert most_touched(alice, record, query) <= 2 * own + 100, query


@pytest.mark.parametrize("record", THROUGH_ANOTHER, ids=lambda record: record.model)
def test_they_stand_in_the_same_order_either_way(
    cast: Cast, alice: Client, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = alice.get(list_url(record)).content.decode().partition("<main")[2]
    monkeypatch.setattr(parents, "MOST", 0)
    walked = alice.get(list_url(record)).content.decode().partition("<main")[2]
    assert "<table" in asked
    assert asked.partition("<table")[2] == walked.partition("<table")[2]


def test_every_row_of_several_parents_is_met_once_whatever_the_window(
    cast: Cast, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two connectors synced at different paces; what failed is looked for a window at a time."""
    monkeypatch.setattr(paging, "WINDOW", 20)
    monkeypatch.setattr(paging, "PAGE", 10)
    often, seldom = Connector.objects.filter(organization=cast.acme).order_by("name")[:2]
    began = SyncRun.objects.filter(connector__organization=cast.acme).latest("started_at").started_at
    made = [
        SyncRun(id=new_id(), connector=often if n % 5 else seldom, is_success=bool(n % 7), started_at=began)
        for n in range(200)
    ]
    SyncRun.objects.bulk_create(made)
    for n, run in enumerate(made):
        SyncRun.objects.filter(pk=run.pk).update(started_at=began - timedelta(minutes=n // 2))
    failed = rows_in(known("connectors.SyncRun"), cast.acme).filter(is_success=False)
    expected, seen, query = [str(run.pk) for run in failed], [], {"is_success": "no"}
    for _ in range(40):
        page = alice.get(list_url(known("connectors.SyncRun")), query).content.decode().partition("<main")[2]
        seen += [id for id in expected if f"/{id}/" in page]
        query["cursor"] = page.partition("cursor=")[2].partition('"')[0]
        if not query["cursor"]:
            break
    assert seen == expected


def known(label: str) -> Record:
    record = record_of(label)
    assert record is not None
    return record


@pytest.fixture
def hugo(cast: Cast) -> Client:
    """The owner of the organization with very many rows."""
    user = User.objects.get_or_create(email="hugo@huge.test", name="Hugo")[0]
    huge = Organization.objects.get(slug="huge")
    Membership.objects.get_or_create(organization=huge, user=user, role=Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("label", ["people.User", "people.Invitation"])
def test_a_search_costs_the_same_wherever_in_the_list_it_finds(cast: Cast, hugo: Client, label: str) -> None:
    """What begins with 399 is the very oldest: the newest 3,000 rows are not walked to find it."""
    page = hugo.get(list_url(known(label)), {"q": "399"}).content.decode()
    assert page.count("<tr>") == 1 + 11  # 399 and 3990 to 3999
    assert most_touched(hugo, known(label), {"q": "399"}) < 200


def test_what_begins_very_many_rows_is_looked_for_among_the_newest(
    cast: Cast, hugo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "MOST_FOUND", 100)
    monkeypatch.setattr(paging, "WINDOW", 500)
    record, seen, query = known("people.Invitation"), 0, {"q": "1"}
    assert most_touched(hugo, record, query) <= 2 * 500
    for _ in range(40):
        page = hugo.get(list_url(record), query).content.decode()
        seen += page.count("<tr>") - 1 if "<table" in page else 0
        query["cursor"] = page.partition("cursor=")[2].partition('"')[0]
        if not query["cursor"]:
            break
    assert seen == 1 + 10 + 100 + 1000


def test_the_operators_page_finds_what_is_down_by_an_index(cast: Cast) -> None:
    """None of the very many is down: that is known without looking at each."""
    with CaptureQueriesContext(connection) as taken:
        overviews.overviews("")
    counted = next(one["sql"] for one in taken.captured_queries if "connectors_connector" in one["sql"])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE connectors_connector")
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {counted}")
        plan = [row[0] for row in cursor.fetchall()]
        cursor.execute("RESET enable_seqscan")
    found = [line for line in plan if "Index Cond" in line and "health" in line]
    assert any("'down'" in line for line in found) and any("'operator'" in line for line in found)
