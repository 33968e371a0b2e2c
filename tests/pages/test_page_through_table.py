"""Paging through a table: every row once, in every order, in both directions, whatever is alike or empty; and a cursor
that nobody was given shows the first page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from harriet.pages.counts import AtMost
from harriet.pages.tables.chips import Chips, Filter, counted
from harriet.pages.tables.choice import Choice
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed, listed
from harriet.people.models import AccessToken, Device, User
from tests.stage.cast import Cast

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKEN = AccessToken.objects.filter(device=OuterRef("pk")).values("last_seen_at")[:1]
DEVICES = Table(
    key="test",
    columns=(
        Column("name", "Name", sort="name"),
        Column("person", "Person", sort="user__name"),
        Column("seen", "Last seen", sort="last_seen_at", is_optional=True),
        Column("since", "Since", sort="created_at", is_optional=True, is_shown_at_first=False),
        Column("revoked", "Revoked", sort="revoked_at"),
        Column("token", "Token", sort=Subquery(TOKEN)),
        Column("more", "More"),
    ),
    order="name",
    size=7,
)
SORTABLE = [column.key for column in DEVICES.columns if column.sort]
EVERY_ORDER = [sign + key for key in SORTABLE for sign in ("", "-")]


@pytest.fixture
def devices(cast: Cast) -> QuerySet[Device]:
    """45 with names, people and times that many of them share, and many that were never seen."""
    chance = random.Random(3)
    people = [cast.alice, cast.dana, *(User.objects.create(email=f"{n}@acme.test", name="Same") for n in range(2))]
    Device.objects.bulk_create(_devices(cast, people, chance))
    return Device.objects.filter(organization=cast.acme)


def _devices(cast: Cast, people: list[User], chance: random.Random) -> Iterator[Device]:
    for number in range(45):
        yield Device(
            organization=cast.acme,
            user=chance.choice(people),
            name=chance.choice(["laptop", "Laptop", "حاسوب", "a’b", "%_'"]),
            created_at=NOW - timedelta(microseconds=chance.randrange(4)),
            last_seen_at=chance.choice([None, NOW, NOW - timedelta(microseconds=1), NOW - timedelta(days=1)]),
            revoked_at=NOW + timedelta(seconds=number),
        )


def page(rows: QuerySet[Any], url: str) -> Listed[Any]:
    return listed(DEVICES, rows, QueryDict(url.removeprefix("?")))


def walk(rows: QuerySet[Any], url: str, way: str) -> list[list[Any]]:
    """The pages from this one on; never more than there can be."""
    pages = []
    while url and len(pages) < 20:
        shown = page(rows, url)
        pages.append(shown.rows)
        url = getattr(shown, way)
    return pages


@pytest.mark.parametrize("order", EVERY_ORDER)
def test_each_row_is_met_once_and_back_again(devices: QuerySet[Device], order: str) -> None:
    pages = walk(devices, f"?sort={order}", "older")
    met = [row.pk for rows in pages for row in rows]
    assert len(pages) == 7 and len(met) == len(set(met)) == 45
    last = _last_url(devices, order)
    back = [row.pk for rows in reversed(walk(devices, last, "newer")) for row in rows]
    assert back == met


def _last_url(devices: QuerySet[Device], order: str) -> str:
    url = f"?sort={order}"
    while older := page(devices, url).older:
        url = older
    return url


@pytest.mark.parametrize("order", EVERY_ORDER)
def test_rows_stand_in_the_order_and_the_empty_ones_last(devices: QuerySet[Device], order: str) -> None:
    met = [row for rows in walk(devices, f"?sort={order}", "older") for row in rows]
    values = [row.sorted_by for row in met]
    filled = [value for value in values if value is not None]
    assert values == [*filled, *[None] * (len(values) - len(filled))]
    if filled and not isinstance(filled[0], str):  # texts stand in the database's own order
        assert filled == sorted(filled, reverse=order.startswith("-"))


def test_what_is_deleted_or_added_meanwhile_moves_nothing(devices: QuerySet[Device]) -> None:
    first = page(devices, "?sort=seen")
    second = page(devices, first.older)
    first.rows[-1].delete()
    assert page(devices, first.older).rows == second.rows
    assert page(devices, second.newer).rows == page(devices, "?sort=seen").rows, "less than a page is left before"


@pytest.mark.parametrize(
    "cursor", ["x", "a.b", "\0", "🙂", "WyJuYW1lIiwiYSIsIjEiLGZhbHNlXQ:1:abc", "9" * 5000, "{}", "%00", "-1"]
)
def test_a_cursor_that_nobody_was_given_shows_the_first_page(devices: QuerySet[Device], cursor: str) -> None:
    query = QueryDict(mutable=True)
    query.update({"sort": "seen", "cursor": cursor})
    assert listed(DEVICES, devices, query).rows == page(devices, "?sort=seen").rows


def test_a_cursor_of_another_order_or_table_shows_the_first_page(devices: QuerySet[Device]) -> None:
    cursor = parse_qs(page(devices, "?sort=seen").older[1:])["cursor"][0]
    assert page(devices, f"?sort=-seen&cursor={cursor}").rows == page(devices, "?sort=-seen").rows
    assert page(devices, f"?sort=name&cursor={cursor}").rows == page(devices, "?sort=name").rows
    other = Table(key="another", columns=DEVICES.columns, order="name", size=7)
    assert listed(other, devices, QueryDict(f"sort=seen&cursor={cursor}")).newer == ""


def test_a_cursor_beyond_the_end_shows_the_first_page(devices: QuerySet[Device]) -> None:
    older = page(devices, "?sort=name").older
    devices.exclude(pk__in=[row.pk for row in page(devices, "?sort=name").rows]).delete()
    assert len(page(devices, older).rows) == 7


@pytest.mark.parametrize("order", ["", "more", "-more", "nothing", "--name", "name,seen", "user__password", "\0"])
def test_what_is_no_column_leaves_the_order_as_it_is(devices: QuerySet[Device], order: str) -> None:
    query = QueryDict(mutable=True)
    query["sort"] = order
    assert listed(DEVICES, devices, query).rows == page(devices, "").rows


def test_a_page_is_one_query_that_neither_counts_nor_skips(devices: QuerySet[Device]) -> None:
    with CaptureQueriesContext(connection) as asked:
        shown = page(devices, page(devices, "?sort=-seen").older)
        list(shown.heads)
    assert len(asked) == 2
    for query in asked:
        assert "COUNT(" not in query["sql"] and "OFFSET" not in query["sql"]


def test_heads_say_how_rows_stand_and_turn_the_order(devices: QuerySet[Device]) -> None:
    heads = {head.column.key: head for head in page(devices, "?sort=name&q=x&cursor=abc").heads}
    assert (heads["name"].aria_sort, heads["name"].url) == ("ascending", "?sort=-name&q=x")
    assert (heads["person"].aria_sort, heads["person"].url) == ("", "?sort=person&q=x")
    assert heads["more"].url == ""
    turned = page(devices, "?sort=-name").heads[0]
    assert (turned.aria_sort, turned.url) == ("descending", "?sort=name")


def test_columns_are_hidden_and_shown_as_chosen(devices: QuerySet[Device]) -> None:
    assert [column.key for column in page(devices, "").columns] == [
        "name",
        "person",
        "seen",
        "revoked",
        "token",
        "more",
    ]
    choice = Choice(shown=frozenset({"since"}), hidden=frozenset({"seen", "name"}))
    assert [column.key for column in choice.columns(DEVICES)] == ["name", "person", "since", "revoked", "token", "more"]


def test_chips_count_to_a_bound_in_one_query(devices: QuerySet[Device]) -> None:
    with CaptureQueriesContext(connection) as asked:
        found = counted([devices, devices.filter(last_seen_at=None), devices.none()], most=20)
    never = devices.filter(last_seen_at=None).count()
    assert [str(one) for one in found] == ["20+", str(never), "0"] and len(asked) == 1
    assert counted([devices.none()]) == [AtMost(0)]
    assert counted([devices], most=45) == [AtMost(45)]


def test_a_chip_keeps_the_other_filters_and_begins_at_the_first_page(devices: QuerySet[Device]) -> None:
    filters = (Filter("", "All", Q()), Filter("never", "Never seen", Q(last_seen_at=None)))
    chips = Chips(filters, QueryDict("q=a&cursor=x&show=never&sort=-name"))
    shown = chips.shown(devices)
    assert [chip.is_current for chip in shown] == [False, True]
    assert shown[0].url == "?q=a&show=&sort=-name"
    assert AtMost(chips.narrowed(devices).count()) == shown[1].count
    assert Chips(filters, QueryDict("show=%00nonsense")).chosen.key == ""
