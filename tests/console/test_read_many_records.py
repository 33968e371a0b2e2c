"""Records at 100,000 rows a table: few queries a page, no row counted, none read without an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connectors.models import Connector, Tool
from harriet.console.records import paging
from harriet.console.records.registry import model_of, record_of
from harriet.lib.records import Record
from harriet.people.models import Membership, User
from harriet.people.roles import Role
from tests.console.records import list_url, row_url, rows_in
from tests.stage.cast import Cast
from tests.stage.every_row import make_everything

MANY = 100_000
MOST_QUERIES = 15
_ID = "gen_random_uuid()"
_AGO = "now() - n * interval '1 second'"
_MANY = {
    "people_user": f"""(id, email, name, password, is_active, is_staff, is_superuser, is_proven, created_at)
        SELECT {_ID}, 'many' || n || '@acme.test', 'Many ' || n, '!', true, false, false, true, {_AGO}""",
    "people_membership": f"""(id, organization_id, user_id, role, is_active, created_at)
        SELECT {_ID}, %(acme)s, id, 'member', true, created_at FROM people_user WHERE name LIKE 'Many %%' LIMIT""",
    "people_accesstoken": f"""(id, organization_id, kind, name, token_hash, hint, made_by, created_at, expires_at)
        SELECT {_ID}, %(acme)s, 'integration', 'Key ' || n, sha256(n::text::bytea), 'abcd', '', {_AGO}, now()""",
    "people_notice": f"""(id, organization_id, user_id, text, path, key, created_at, details,
        sent_details, kind, problem)
        SELECT {_ID}, %(acme)s, %(dana)s, 'Notice ' || n, '/', 'many ' || n, {_AGO}, '[]', '[]', '', ''""",
    "connectors_tool": f"""(id, organization_id, connector_id, kind, name, description, state, is_enabled,
        requires_confirmation, risk_proposed, risk_reason, risk_override, renamed_from, position, first_seen_at)
        SELECT {_ID}, %(acme)s, %(connector)s, 'tool', 'many_' || n, '', 'pinned', n %% 2 = 0,
        false, 'unknown', '', '', '', n, {_AGO}""",
    "connectors_syncrun": f"""(id, connector_id, started_at, is_success, found, found_prompts, found_resources, added,
        changed, removed, renamed, restored, refused, refused_count, mended, mended_count, unchecked, unchecked_count,
        error) SELECT {_ID}, %(connector)s, {_AGO}, true, 1, 0, false, '[]', '[]', '[]', '[]', '[]', '[]', 0, '[]', 0,
        '[]', 0, ''""",
    "audit_event": f"""(id, organization_id, request_id, code, decision, outcome, body, mac, recorded_at)
        SELECT {_ID}, %(acme)s, {_ID}, 'call.outcome', '', 'ok', '{{}}', '\\x00', {_AGO}""",
}
LARGE = {
    "people.User": "many9",
    "people.Membership": "many9",
    "people.AccessToken": "key 9",
    "people.Notice": "",
    "connectors.Tool": "MANY_9",
    "connectors.SyncRun": "",
    "audit.Event": "",
}
"""What is searched for in each."""


@pytest.fixture(scope="module")
def cast(shared_cast: Cast) -> Cast:
    make_everything(shared_cast)
    _fill(shared_cast)
    return shared_cast


def _fill(cast: Cast) -> None:
    connector = Connector.objects.get(organization=cast.acme, slug="crm")
    values = {"acme": cast.acme.pk, "dana": cast.dana.pk, "connector": connector.pk}
    with connection.cursor() as cursor:
        for table, rows in _MANY.items():
            end = f" {MANY}" if rows.endswith("LIMIT") else f" FROM generate_series(1, {MANY}) n"
            cursor.execute(f"INSERT INTO {table} {rows}{end}", values)
        cursor.execute("ANALYZE")


@pytest.fixture(params=[Role.OWNER, Role.AUDITOR])
def reader(request: pytest.FixtureRequest, cast: Cast) -> Client:
    client = Client()
    client.force_login(Membership.objects.filter(organization=cast.acme, role=request.param).earliest("pk").user)
    return client


def known(label: str) -> Record:
    record = record_of(label)
    assert record is not None
    return record


def opened(client: Client, url: str, query: dict[str, str]) -> tuple[str, list[str]]:
    """The page and the queries that it took."""
    with CaptureQueriesContext(connection) as taken:
        answer = client.get(url, query)
    assert answer.status_code == 200, (url, query)
    assert len(answer.content) < 100_000, (url, query)
    queries = [query["sql"] for query in taken.captured_queries]
    assert len(queries) <= MOST_QUERIES, (url, query, len(queries), queries)
    return answer.content.decode(), queries


def scans(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each node of a plan that reads a table, with how it reads."""
    if table := node.get("Relation Name"):
        yield table, node["Node Type"]
    for below in node.get("Plans", []):
        yield from scans(below)


def read_whole(queries: list[str]) -> list[str]:
    """Queries that read one of the large tables from end to end."""
    found = []
    with connection.cursor() as cursor:
        for query in queries:
            if query.startswith("SELECT") and any(f'"{table}"' in query for table in _MANY):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {query}")
                plan = cursor.fetchone()[0]
                plan = json.loads(plan) if isinstance(plan, str) else plan
                found += [
                    f"{table}: {query}" for table, how in scans(plan[0]["Plan"]) if table in _MANY and how == "Seq Scan"
                ]
    return found


def of_shell(query: str) -> bool:
    """What the rail and the top of every page count: one's own tickets and unread notices."""
    return "\"state\" = 'waiting'" in query or ('"read_at" IS NULL' in query and "COUNT(" in query)


def queries_of(record: Record, text: str) -> Iterator[dict[str, str]]:
    yield {}
    yield {"since": "2020-01-01", "until": "2099-01-01"}
    yield {"since": "2020-01-01", "until": "2020-12-31"}
    if text:
        yield {"q": text}
        yield {"q": "nobody is called this"}
    for name in record.filters:
        yield {name: "yes"}
        yield {name: "no"}


@pytest.mark.parametrize("label", LARGE)
def test_a_list_of_many_is_read_by_its_indexes(cast: Cast, reader: Client, label: str) -> None:
    record = known(label)
    for query in queries_of(record, LARGE[label]):
        page, queries = opened(reader, list_url(record), query)
        table = model_of(record)._meta.db_table
        ours = [query for query in queries if f'"{table}"' in query]
        assert not read_whole(ours), (label, query)
        assert not [query for query in ours if "COUNT(" in query and not of_shell(query)], label
        if not query:
            assert 'rel="next"' in page


def test_a_search_among_many_finds_what_begins_so(cast: Cast, reader: Client) -> None:
    page, _ = opened(reader, list_url(known("connectors.Tool")), {"q": "MANY_99999"})
    assert page.count("<tr>") == 2
    assert "many_99999" in page


def test_the_pages_of_many_follow_each_other(cast: Cast, reader: Client) -> None:
    record, seen, query = known("connectors.SyncRun"), [], {}
    for _ in range(4):
        page, _ = opened(reader, list_url(record), query)
        seen += [line.partition("/")[0] for line in page.split(f'href="{list_url(record)}')[1:] if line[8] == "-"]
        query = {"cursor": page.partition("?cursor=")[2].partition('"')[0]}
    newest = [str(row.pk) for row in rows_in(record, cast.acme)[:200]]
    assert seen == newest


def test_what_no_index_finds_is_looked_for_in_a_window(
    cast: Cast, reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One tool among 100,000 is a prompt, the oldest: it is found by looking further back, a bounded way at a time."""
    monkeypatch.setattr(paging, "WINDOW", 40_000)
    oldest = Tool.objects.filter(organization=cast.acme).earliest("first_seen_at")
    Tool.objects.filter(pk=oldest.pk).update(kind="prompt", state="removed")
    url, query = list_url(known("connectors.Tool")), {"kind": "prompt", "state": "removed"}
    for _ in range(2):
        page, _ = opened(reader, url, query)
        assert "Look among older ones" in page
        query["cursor"] = page.partition("cursor=")[2].partition('"')[0]
    page, _ = opened(reader, url, query)
    assert str(oldest.pk) in page


@pytest.mark.parametrize("label", ["connectors.Connector", "connectors.Profile", "people.Organization", *LARGE])
def test_a_row_s_page_costs_no_more_for_what_it_leads_to(cast: Cast, reader: Client, label: str) -> None:
    record = known(label)
    row = rows_in(record, cast.acme).first()
    assert row is not None
    _, queries = opened(reader, row_url(record, row), {})
    assert not [query for query in queries if "COUNT(" in query and not of_shell(query)]


def test_the_first_page_and_the_installation_s_cost_little(cast: Cast, reader: Client) -> None:
    opened(reader, "/settings/records/", {})
    olga = Client()
    olga.force_login(User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("o@i.test", "x"))
    page, _ = opened(olga, "/settings/records/installation/", {})
    assert '<td data-label="People">1,000+</td>' in page
