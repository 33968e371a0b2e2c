"""The list of tickets stays quick and honest however many there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.pages import tickets
from tests.stage.held_calls import Mailing


def test_a_long_list_ends_and_says_so(mailing: Mailing, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "_NEWEST", 4)
    monkeypatch.setattr(tickets, "_PAGE", 3)
    for number in range(6):
        mailing.held(b'{"n":%d}' % number)
    client.force_login(mailing.cast.bob)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        first = client.get("/tickets/?show=all").content.decode()
    counts = [query["sql"] for query in seen if "COUNT(*)" in query["sql"] and "approvals_ticket" in query["sql"]]
    assert counts and all("LIMIT 4" in sql for sql in counts)
    assert "/tickets/6/" in first and "Older" in first and "The list ends here" not in first
    last = client.get("/tickets/?show=all&page=2").content.decode()
    assert "/tickets/3/" in last and "/tickets/2/" not in last
    assert "The list ends here" in last
    assert client.get("/tickets/1/").status_code == 200
