"""The list of tickets stays quick and leads to every ticket, however many there are."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.pages.tickets_list import TICKETS
from tests.pages.crowd import MANY, tickets
from tests.stage.cast import Cast
from tests.stage.held_calls import Mailing


def test_a_long_list_is_paged_without_being_counted(cast: Cast, client: Any) -> None:
    tickets(cast)
    client.force_login(cast.bob)
    with CaptureQueriesContext(connection) as seen:
        first = client.get("/tickets/?show=all")
    counts = [query["sql"] for query in seen if "COUNT(" in query["sql"].upper() and "approvals_ticket" in query["sql"]]
    assert counts and all("LIMIT 1001" in sql for sql in counts)
    shown, next_one = first.content.decode(), f"/tickets/{MANY - TICKETS.size}/"
    assert f"/tickets/{MANY}/" in shown and next_one not in shown
    second = client.get("/tickets/" + first.context["table"].older).content.decode()
    assert next_one in second and f"/tickets/{MANY}/" not in second


def test_each_chip_shows_as_many_as_it_says(mailing: Mailing, client: Any) -> None:
    for number in range(3):
        mailing.held(b'{"n":%d}' % number)
    client.force_login(mailing.cast.bob)
    for chip in client.get("/tickets/").context["table"].chips:
        shown = client.get("/tickets/" + chip.url).context["table"].rows
        assert str(len(shown)) == str(chip.count), chip
