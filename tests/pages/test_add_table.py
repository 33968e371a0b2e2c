"""Adding a table: each place that it takes is walked here; and each list is, in every order, to its end and back."""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.template import Template
from django.test import Client
from django.test.signals import template_rendered
from django.test.utils import CaptureQueriesContext

from harriet.pages.tables.declared import Table
from harriet.pages.tables.listed import Listed
from harriet.pages.tables.tags import CellNode
from tests.console.page_names import nodes_of
from tests.house.source import BASE, source_files
from tests.pages.crowd import CROWDS
from tests.stage.cast import Cast


@cache
def tables() -> dict[str, Table]:
    """Every table that is declared, by its key."""
    found = []
    for path in source_files():
        if "Table(" in path.read_text() and "/pages/tables/" not in str(path):
            module = importlib.import_module(".".join(path.relative_to(BASE).with_suffix("").parts))
            found += [value for value in vars(module).values() if isinstance(value, Table)]
    known = {id(table): table for table in found}.values()
    assert len({table.key for table in known}) == len(known), "two tables have the same key"
    return {table.key: table for table in known}


def cells() -> list[set[str]]:
    """Of each table in a template, the keys of its cells."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in Path("templates").rglob("*.html"):
        name = str(path.relative_to("templates"))
        for node in nodes_of(name):
            if isinstance(node, CellNode):
                found[name, node.table.token].add(str(node.key.var))
    return list(found.values())


def test_there_are_rows_for_each_table() -> None:
    assert tables().keys() == CROWDS.keys(), "tests/pages/crowd.py"


@pytest.mark.parametrize("key", CROWDS)
def test_a_table_is_declared_whole(key: str) -> None:
    table = tables()[key]
    keys = [column.key for column in table.columns]
    assert len(set(keys)) == len(keys)
    sortable = {column.key for column in table.columns if column.sort is not None}
    assert table.order.removeprefix("-") in sortable
    assert not table.columns[0].is_optional, "what a row is called is always shown"
    assert set(keys) in cells(), "no template has a cell for each column"


def _listed(answer: Any, table: Table) -> Listed[Any]:
    contexts = answer.context if isinstance(answer.context, list) else [answer.context]
    found = [value for context in contexts for value in context.flatten().values() if isinstance(value, Listed)]
    return next(one for one in found if one.table is table)


def _walk(client: Client, table: Table, url: str, way: str) -> tuple[list[Any], str]:
    """The keys of all rows from this page on, and the address of the last page."""
    met: list[Any] = []
    for _ in range(30):
        answer = client.get(url)
        assert answer.status_code == 200, url
        listed = _listed(answer, table)
        met += [row.pk for row in (listed.rows if way == "older" else reversed(listed.rows))]
        if not getattr(listed, way):
            break
        url = url.partition("?")[0] + getattr(listed, way)
    return met, url


@contextmanager
def _without_writing() -> Iterator[None]:
    """Pages are put together, and no template is filled in."""

    def told(template: Template, context: Any) -> str:
        template_rendered.send(sender=template, template=template, context=context)
        return ""

    with mock.patch.object(Template, "_render", told):
        yield


@pytest.mark.parametrize("key", CROWDS)
def test_each_row_of_the_list_is_met_once_in_every_order(client: Client, cast: Cast, key: str) -> None:
    """In the first order each row is written, too; then it is about which rows, and where the next page begins."""
    table, crowd = tables()[key], CROWDS[key]
    crowd.make(cast)
    client.force_login(cast.alice)
    everything = None
    for column in (column for column in table.columns if column.sort is not None):
        for order in (column.key, f"-{column.key}"):
            with nullcontext() if everything is None else _without_writing():
                met, last = _walk(client, table, f"{crowd.url}{table.sort_name}={order}", "older")
                back, _ = _walk(client, table, last, "newer")
            assert len(met) == len(set(met)) > table.size, f"{key} by {order}"
            everything = everything or set(met)
            assert set(met) == everything, f"{key} by {order}"
            assert back == met[::-1], f"{key} by {order}, back"


@pytest.mark.parametrize("key", CROWDS)
def test_more_rows_are_not_more_queries(client: Client, cast: Cast, key: str) -> None:
    crowd = CROWDS[key]
    client.force_login(cast.alice)
    client.get(crowd.url)
    crowd.make(cast)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(crowd.url).status_code == 200
    assert len(asked) <= crowd.most_queries, "\n".join(query["sql"][:160] for query in asked)
    assert not [query["sql"] for query in asked if "OFFSET" in query["sql"]]
