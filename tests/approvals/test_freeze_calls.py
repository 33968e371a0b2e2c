"""What an emergency stop freezes of what waits, however much waits."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from approvals.deciders import ways_of
from approvals.frozen import frozen_among
from approvals.models import WorkflowRun
from harriet.people.models import Membership, Stop
from tests.stage.cast import Cast
from tests.stage.held_calls import Mailing, hold
from tests.stage.profiles import profile
from tests.stage.workflow_rows import make_workflow


def stop(cast: Cast, **more: Any) -> None:
    """Of all calls."""
    said = {"kind": "organization", "label": "Acme", "reason": "Odd.", "began_by_label": "Alice"}
    Stop.objects.create(organization=cast.acme, **said, **more)


def test_what_is_frozen_is_not_handed_over_either_and_says_why(mailing: Mailing) -> None:
    cast, held = mailing.cast, mailing.held()
    stop(cast)
    bob = Membership.objects.select_related("user").get(user=cast.bob)
    ways = ways_of(mailing.action(held), bob)
    assert "An emergency stop" in ways.hand_over and ways.hand_over == ways.claim == ways.reject


def test_where_a_group_goes_first_many_calls_ask_the_database_no_more_than_few(mailing: Mailing) -> None:
    cast = mailing.cast
    stop(cast, let_through=cast.sales)
    of_dana = [mailing.held(b'{"n":%d}' % number).action_id for number in range(4)]
    of_bob = [hold(mailing.call(b'{"b":%d}' % number, user=cast.bob)).action_id for number in range(4)]

    def queries(number: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert set(frozen_among([*of_dana[:number], *of_bob[:number]])) == set(of_bob[:number])
        return len(asked)

    assert queries(4) == queries(1)


def test_a_run_that_rests_says_so_and_what_people_are_told(mailing: Mailing, client: Client) -> None:
    cast = mailing.cast
    profile(cast.acme, mailing.tool.connector, groups=[cast.sales])
    _, run = make_workflow(cast)
    client.force_login(cast.dana)

    def page() -> str:
        return client.get(reverse("tickets:detail", args=[run.ticket.number])).content.decode()

    stop(cast, told="Payroll looks into it.")
    assert "keeps this run" not in page(), "it asks somebody something first"
    WorkflowRun.objects.filter(pk=run.pk).update(cursor=3)
    shown = page()
    assert (
        "An emergency stop of all calls of the organization Acme keeps this run from its next call. It rests" in shown
    )
    assert "They say: " in shown and "Payroll looks into it." in shown and "Odd." not in shown
    Stop.objects.update(released_at=timezone.now())
    assert "keeps this run" not in page()
