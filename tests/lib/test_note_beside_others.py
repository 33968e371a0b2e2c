"""Notes on many rows wait for nobody who waits for them: what others do is never undone for a note."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from connectors.actions.note_last_calls import note_last_calls
from connectors.models import Tool
from tests.servers.upstream import TOOLS
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tools
from tests.stage.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def noted() -> set[object]:
    return set(Tool.objects.exclude(last_called_at=None).values_list("pk", flat=True))


def test_a_change_of_the_same_rows_in_another_order_is_no_deadlock(committed_cast: Cast) -> None:
    crm = connector(committed_cast.acme, "https://crm.acme.test/mcp", slug="crm")
    made = tools(crm, committed_cast.sales, TOOLS)
    last, *others = sorted((tool.pk for tool in made.values()), reverse=True)

    def in_a_batch() -> None:
        note_last_calls([*others, last])
        connection.close()

    with ThreadPoolExecutor(1) as beside:
        with transaction.atomic():
            Tool.objects.filter(pk=last).update(position=7)
            batch = beside.submit(in_a_batch)
            wait_for(lambda: noted() == set(others))
            for pk in others:
                Tool.objects.filter(pk=pk).update(position=8)
            assert not batch.done()
        batch.result(60)
    assert noted() == {last, *others}, "the one that was held is noted as well"
