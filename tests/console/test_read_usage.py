"""The usage page: who called what, how it ended, how long it took; filtered, as a file, and over the API."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.chain.sealing import seal_everything
from audit.events import CALL_OUTCOME, CALL_REFUSED
from audit.usage_counting import count_usage
from tests.stage.cast import Cast
from tests.stage.events import CRM, DANA, SEARCH, remember

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(cast: Cast) -> Client:
    took = {"harriet_milliseconds": 0.8, "upstream_milliseconds": 40.0}
    for number in range(30):
        remember(CALL_OUTCOME, cast.acme.pk, outcome="ok", client=f"Client {number % 28}", **took)
    remember(CALL_OUTCOME, cast.acme.pk, outcome="timeout", client="=cmd()", origin="upstream", **took)
    remember(CALL_REFUSED, cast.acme.pk, client="Cursor", decision="refuse", reason="No.")
    seal_everything()
    count_usage()
    client = Client()
    client.force_login(cast.alice)
    return client


def read(alice: Client, **query: Any) -> str:
    return alice.get(reverse("usage:page"), query).content.decode()


def test_alice_reads_who_called_what(alice: Client) -> None:
    page = read(alice)
    assert "Dana" in page
    assert "30 succeeded" in page
    assert "95 % within 50 ms" in page
    assert "search_customers" in read(alice, by="tool", days="30")
    assert "CRM" in read(alice, by="connector", days="1")
    filtered = read(alice, by="client", client="Cursor")
    assert "Cursor" in filtered
    assert "Client 3" not in filtered
    assert "Nothing was called in this time that fits the filter." in read(alice, by="tool", client="nobody")


def test_a_long_list_goes_on(alice: Client) -> None:
    first = read(alice, by="client")
    query = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = alice.get(reverse("usage:page") + query).content.decode()
    assert first.count('data-label="Calls"') == 25
    assert second.count('data-label="Calls"') == 5


def test_the_file_holds_no_formula(alice: Client) -> None:
    answer = alice.get(reverse("usage:csv"), {"by": "client", "days": "7"})
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 31
    assert next(row for row in rows if "cmd" in row[0])[0] == "'=cmd()"


def test_a_program_reads_the_same(alice: Client) -> None:
    answer = alice.get("/api/v1/usage/", {"by": "tool", "days": "7"}).json()
    (tool,) = answer["results"]
    assert (tool["key"], tool["label"], tool["connector"]) == (str(SEARCH.id), SEARCH.label, CRM.label)
    assert (tool["calls"], tool["succeeded"], tool["failed_at_server"], tool["refused"]) == (32, 30, 1, 1)
    assert tool["upstream_time"] == {"measured": 31, "mean": 40.0, "half_within": 50, "most_within": 50}
    assert alice.get("/api/v1/usage/", {"days": "9"}).status_code == 400
    own = alice.get("/api/v1/usage/", {"by": "person", "person": str(DANA.id)}).json()["results"]
    assert [person["label"] for person in own] == ["Dana"]
