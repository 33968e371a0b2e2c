"""Every page of a company of 1,500 people, 300 groups, 300 connectors and 2,000 tools reads a few rows of them: no
query hands out all of anything, and no page asks or says more than a small one's. `make bench-large` does it at full
size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.bench.large_company import Large, fill
from tests.browser.pages import details, lists
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company

SIZE = Large(people=1_500, connectors=300, tools=2_000, groups=300, profiles=20, devices=300, tickets=60, calls=200)
MOST_ROWS = 250
"""Fewer than there are of any noun above."""
MOST_QUERIES, MOST_BYTES = 18, 100_000
MOST_ABOUT_TICKETS = 34
"""Who may decide, and who could have made the call, is read each time; never more for more tickets."""
_IS_BOUND = re.compile(r"LIMIT \d+\)?$")


@pytest.fixture
def large(cast: Cast) -> Cast:
    make_busy_company(cast)
    fill(cast, SIZE)
    return cast


class Asked:
    def __init__(self) -> None:
        self.queries, self.unbounded = 0, list[str]()

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        self.queries += 0 if str(sql).startswith(("SAVEPOINT", "RELEASE")) else 1
        if context["cursor"].rowcount > MOST_ROWS and not _IS_BOUND.search(str(sql).strip()):
            self.unbounded.append(f"{context['cursor'].rowcount} rows: {str(sql)[:300]}")
        return result


@contextmanager
def asked() -> Iterator[Asked]:
    """Cursors of the server would not say how many rows there are."""
    counting, before = Asked(), connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    try:
        with connection.execute_wrapper(counting):
            yield counting
    finally:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = before


def test_every_page_reads_few_rows_asks_little_and_stays_small(large: Cast, client: Client) -> None:
    client.force_login(large.alice)
    faults, opened = [], 0
    for path in [*lists(), *details(large)]:
        with asked() as counting:
            answer = client.get(path)
        if answer.status_code != 200:
            continue
        opened += 1
        faults += [f"{path}: {query}" for query in counting.unbounded]
        if counting.queries > (MOST_ABOUT_TICKETS if path.startswith("/tickets/") else MOST_QUERIES):
            faults.append(f"{path}: {counting.queries} queries")
        if len(answer.content) > MOST_BYTES:
            faults.append(f"{path}: {len(answer.content)} bytes")
    assert opened > 40
    assert not faults, "\n".join(faults)
