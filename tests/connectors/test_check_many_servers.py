"""Hundreds of servers are read together, asked side by side and written down together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from connectors.actions import check_health as checking
from connectors.actions.check_health import check_health
from connectors.models import Connector
from connectors.queries import due_for_sync
from harriet.people.models import OrganizationVersion
from tests.servers.moody import Server
from tests.stage.cast import Cast
from tests.stage.connectors import new_connector


@pytest.fixture
def server() -> Iterator[Server]:
    here = Server()
    yield here
    here.stop()


def many(cast: Cast, server: Server, count: int, name: str) -> list[Connector]:
    cast.acme.internal_hosts = ["127.0.0.1"]
    cast.acme.save()
    rows = [new_connector(cast.acme, server.url, slug=f"{name}-{number}") for number in range(count)]
    return Connector.objects.bulk_create(rows)


def queries_of_a_turn() -> int:
    Connector.objects.update(checked_at=Now() - timedelta(minutes=1))
    with CaptureQueriesContext(connection) as asked:
        check_health()
    return len(asked)


def test_a_turn_asks_the_database_no_more_for_more_servers(cast: Cast, server: Server) -> None:
    many(cast, server, 2, "few")
    few = queries_of_a_turn()
    many(cast, server, 30, "more")
    assert queries_of_a_turn() == few <= 20
    assert not Event.objects.filter(code="connector.health_changed").exists()


def test_what_changed_of_many_is_written_together(cast: Cast, server: Server) -> None:
    many(cast, server, 20, "one")
    usual = queries_of_a_turn()
    server.stop()
    before = OrganizationVersion.objects.get(organization=cast.acme).number
    assert queries_of_a_turn() < usual + 60, "two for each that went down: the end of what was told of it"
    assert Event.objects.filter(code="connector.health_changed").count() == 20
    assert Connector.objects.filter(health="down", troubles=1, trouble_since__isnull=False).count() == 20
    assert OrganizationVersion.objects.get(organization=cast.acme).number == before + 1, "everybody hears once"


def test_a_turn_goes_through_all_in_batches_the_longest_unasked_first(
    cast: Cast, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "AT_ONCE", 3)
    made = many(cast, server, 7, "one")
    for number, one in enumerate(made):
        Connector.objects.filter(pk=one.pk).update(checked_at=Now() - timedelta(minutes=10 + number))
    batches: list[set[str]] = []
    asked = checking.check_all
    monkeypatch.setattr(checking, "check_all", lambda some: batches.append({one.slug for one in some}) or asked(some))
    assert set(check_health()) == {one.pk for one in made}
    assert batches == [{"one-6", "one-5", "one-4"}, {"one-3", "one-2", "one-1"}, {"one-0"}]
    monkeypatch.setattr(checking, "TURN_SECONDS", -1.0)
    Connector.objects.update(checked_at=None)
    assert check_health() == {}, "its time is over: the next turn goes on"


def test_syncs_are_asked_for_some_at_a_time(cast: Cast, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    many(cast, server, 5, "one")
    monkeypatch.setattr("connectors.queries.SYNCS_AT_ONCE", 3)
    assert len(due_for_sync()) == 3
