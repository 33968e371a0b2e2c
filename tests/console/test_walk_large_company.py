"""A company of 3,000 people, 300 groups, 300 connectors, 2,000 tools and a log of 20,000 events: every page reads a few
rows of them and asks and says no more than a small one's; a change, what the gateway reads after it and a tick of the
clock cost what they are about, and not all that there is. `make bench-large` does it at full size, with times; the
filters of the log are in tests/audit/test_filter_log.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from audit.chain.sealing import seal_everything
from connectors.actions.set_tool import set_tool
from connectors.models import Tool
from harriet.celery import app
from harriet.gateway.policy.compile import compile_snapshot
from harriet.people.actions.add_to_group import add_to_group
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.models import AccessToken, Group, Membership, Stop
from harriet.people.roles import Role
from harriet.people.version import move_version
from tests.bench.large_company import Large, fill
from tests.bench.large_forms import decisions, many_at_once
from tests.bench.large_pages import api_lists
from tests.browser.pages import details, lists
from tests.database import close_connections, database_name
from tests.stage.asked import Asked, asked
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

SIZE = Large(
    people=3_000, connectors=300, tools=2_000, groups=300, profiles=20, devices=1_500, tickets=600, calls=10_000
)
MOST_ROWS = 250
"""On a page: fewer than there are of any noun above that a page lists."""
MOST_QUERIES, MOST_BYTES = 18, 100_000
MOST_BYTES_OF_LIST = 200_000
"""A hundred rows for a program."""
MOST_ABOUT_TICKETS = 34
"""Who may decide, and who could have made the call, is read each time; never more for more tickets."""
_IS_BOUND = re.compile(r"LIMIT \d+\)?$|= ANY\(%\(keys\)s\) GROUP BY")
"""Or of the things on the page, some rows for each."""
MOST_ASKED, MOST_READ = 40, 500
"""Queries, and rows, for a change or to know of it: fewer than there are of any noun above."""
WHOSE_ACCESS_ENDS = 2_000
"""Rows: whose calls wait is asked of all that wait, with their tickets and tools."""
TICK = (60, 1_000)
TICKS = {
    "audit.verify_chains": (150, 3 * 2 * SIZE.calls),  # a range of the log, which is as long as this one
    "audit.count_usage": (60, 4 * 6_000),  # so many events of the log, which was written all at once
    "audit.close_unfinished_calls": (60, 2 * 2 * SIZE.calls),  # the first turn looks at all that began
    "audit.forget_old_counts": (60, 4 * 20_000),  # so many of each of two kinds, found and then deleted
    "connectors.check_health": (150, 10_000),  # all of them are due, and most don't answer
    "people.send_notices": (200, 1_000),  # to each person by themselves
    "vault.remind_of_rotations": (1_500, 25_000),  # of each secret by itself
}
"""Queries and rows."""


@pytest.fixture(scope="module")
def large(shared_cast: Cast, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    with django_db_blocker.unblock():
        with transaction.atomic():
            make_busy_company(shared_cast)
            fill(shared_cast, SIZE)
        while seal_everything():
            pass
        use_indexes()
        yield shared_cast


def use_indexes() -> None:
    """What is read whole here is read whole at any size: tables of this one are so small that PostgreSQL would
    often rather read all of them than look something up."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(f'ALTER DATABASE "{database_name()}" SET enable_seqscan = off')
    close_connections()


class OnPage:
    def __init__(self) -> None:
        self.queries, self.unbounded = 0, list[str]()

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        self.queries += 0 if str(sql).startswith(("SAVEPOINT", "RELEASE")) else 1
        if context["cursor"].rowcount > MOST_ROWS and not _IS_BOUND.search(str(sql).strip()):
            self.unbounded.append(f"{context['cursor'].rowcount} rows: {str(sql)[:300]}")
        return result


@contextmanager
def shown() -> Iterator[OnPage]:
    """Cursors of the server would not say how many rows there are."""
    counting, before = OnPage(), connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    try:
        with connection.execute_wrapper(counting):
            yield counting
    finally:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = before


def test_every_page_reads_few_rows_asks_little_and_stays_small(large: Cast, client: Client) -> None:
    client.force_login(large.alice)
    faults, opened = [], 0
    for path in [*lists(), *details(large), *api_lists(large)]:
        with shown() as counting:
            answer = client.get(path)
        if answer.status_code != 200:
            continue
        opened += 1
        faults += [f"{path}: {query}" for query in counting.unbounded]
        if counting.queries > (MOST_ABOUT_TICKETS if path.startswith("/tickets/") else MOST_QUERIES):
            faults.append(f"{path}: {counting.queries} queries")
        if len(answer.content) > (MOST_BYTES_OF_LIST if path.startswith("/api/") else MOST_BYTES):
            faults.append(f"{path}: {len(answer.content)} bytes")
    assert opened > 40
    assert not faults, "\n".join(faults)


@pytest.fixture
def stop(large: Cast) -> Iterator[Stop]:
    """Of all calls, but for a group that goes first."""
    standing = Stop.objects.create(
        organization=large.acme, kind=Stop.Kind.RISK, subject="dangerous", reason="Odd calls", let_through=large.sales
    )
    yield standing
    standing.delete()


def test_asking_about_very_many_at_once_asks_no_more_than_about_one(large: Cast, client: Client, stop: Stop) -> None:
    for user, forms in ((large.alice, many_at_once(large)), (large.bob, decisions(large)[:2])):
        client.force_login(user)
        for form in forms:
            with shown() as counting:
                answer = client.post(form.path, form.sent)
            assert answer.status_code == 200 and len(answer.content) < MOST_BYTES, form.path
            assert counting.queries <= MOST_QUERIES and not counting.unbounded, (form.path, counting.unbounded)


def check(what: str, found: Asked, queries: int = MOST_ASKED, rows: int = MOST_READ) -> None:
    assert found.queries <= queries, f"{what} asks {found.queries} times"
    assert found.rows <= rows, f"{what} reads {found.rows} rows"


def nothing(cast: Cast) -> None:
    """But the version moves."""
    move_version(cast.acme.pk)


def a_token(cast: Cast) -> None:
    tokens = AccessToken.objects.filter(organization=cast.acme, name__startswith="Claude on laptop", revoked_at=None)
    revoke_token(tokens.select_related("organization", "user")[3], actor=cast.actor(cast.alice))


def a_tool(cast: Cast) -> None:
    enabled = Tool.objects.filter(organization=cast.acme, name__startswith="list_", is_enabled=True)
    tool = enabled.select_related("connector__organization").order_by("pk")[3]
    assert set_tool(tool, is_enabled=False, actor=cast.actor(cast.alice))


def a_group(cast: Cast) -> None:
    group = Group.objects.get(organization=cast.acme, slug="team-7")
    someone = members(cast).exclude(groups=group)[3]
    assert add_to_group(group, [someone], actor=cast.actor(cast.alice)) == 1


def a_person(cast: Cast) -> None:
    deactivate_person(members(cast)[5], actor=cast.actor(cast.alice))


def members(cast: Cast) -> Any:
    found = Membership.objects.filter(organization=cast.acme, role=Role.MEMBER, is_active=True)
    return found.select_related("user", "organization").order_by("pk")


CHANGES = [nothing, a_token, a_tool, a_group, a_person]


@pytest.mark.parametrize("change", CHANGES)
def test_a_gateway_reads_what_changed(large: Cast, change: Callable[[Cast], None]) -> None:
    before = compile_snapshot(large.acme.pk)
    change(large)
    with asked() as found:
        compile_snapshot(large.acme.pk, before)
    check(f"a gateway after {change.__name__}", found)


@pytest.mark.parametrize("change", CHANGES[1:])
def test_an_action_reads_what_it_is_about(large: Cast, change: Callable[[Cast], None]) -> None:
    with asked() as found:
        change(large)
    check(f"changing {change.__name__}", found, rows=WHOSE_ACCESS_ENDS if change is a_person else MOST_READ)


def test_a_tick_reads_what_is_due(large: Cast) -> None:
    app.loader.import_default_modules()
    faults = []
    for task in [str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()]:
        with asked() as found:
            app.tasks[task].run()
        try:
            check(task, found, *TICKS.get(task, TICK))
        except AssertionError as fault:
            faults.append(str(fault))
    assert not faults
