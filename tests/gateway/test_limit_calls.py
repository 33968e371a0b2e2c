"""Calls that come too often: the limits of everybody and everything, in one process and in two, and without Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import settings

from approvals.models import PendingAction
from connectors.actions.add_limit import add_limit
from connectors.models import AtLimit, CallLimit, LimitCount, ToolPermission
from harriet.gateway.limits.counts import DAY, MINUTE
from harriet.gateway.try_it import try_tool
from tests.servers.running import free_port
from tests.stage.clients import Client
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.waiting import wait_for, wait_for_room_in

Kind = CallLimit.Kind


@pytest.fixture(autouse=True)
def within_one_day() -> None:
    wait_for_room_in(DAY, 60)


def limit(office: Office, gateways: list[Gateway], kind: str, subject: Any = None, **numbers: Any) -> CallLimit:
    made = add_limit(office.cast.acme, kind, subject, **numbers, actor=office.cast.actor(office.cast.alice))
    office.wait_until_known(*gateways)
    return made


def ran(answers: list[Any]) -> int:
    return sum(not answer.result.get("isError") for answer in answers)


def say(client: Client, number: int, tool: str = "echo") -> Any:
    """Each with words of its own: this is about limits, not about calls that repeat themselves."""
    return client.call(tool, {"text": f"{tool} {number}"})


def test_beyond_her_limit_dana_hears_how_long_to_wait(dana: Client, gateway: Gateway, office: Office) -> None:
    set_by = limit(office, [gateway], Kind.PERSON, per_minute=3, per_day=100)
    log = Log(office.cast.acme.pk)
    wait_for_room_in(MINUTE)
    answers = [say(dana, number) for number in range(5)]
    assert ran(answers) == 3
    told = answers[-1].result
    assert "limit of 3 calls a minute for dana@acme.test is reached" in answers[-1].text
    assert "Wait " in answers[-1].text
    wait = told["structuredContent"]["limit"]["retryAfterSeconds"]
    assert 0 < wait <= 60
    assert told["_meta"]["harriet/limit"] == {"retryAfterSeconds": wait, "id": str(set_by.pk)}
    refusals = log.events("call.refused", wanted=2)
    assert [event["reason"][:27] for event in refusals] == ["This call was not made: the"] * 2
    wait_for(lambda: LimitCount.objects.filter(limit=set_by, calls=3, turned_away=2).exists())


def test_the_inner_tool_of_call_tool_counts(dana: Client, gateway: Gateway, office: Office) -> None:
    office.work.is_progressive = True
    office.work.save()
    limit(office, [gateway], Kind.TOOL, office.tools["echo"], per_day=2)
    calls = [dana.call("call_tool", {"name": "echo", "arguments": {"text": str(n)}}) for n in range(4)]
    assert ran(calls) == 2
    assert "the tool echo of CRM" in calls[-1].text


def test_beyond_a_limit_that_holds_a_call_waits_and_is_not_made_again_by_itself(
    dana: Client, gateway: Gateway, office: Office, upstream: Upstream
) -> None:
    office.cast.acme.hold_seconds = 0
    office.cast.acme.save()
    made = limit(office, [gateway], Kind.PERSON, per_day=1, at_limit=AtLimit.HOLD)
    assert ran([say(dana, 1)]) == 1
    assert "waits for approval" in say(dana, 2).text
    action = PendingAction.objects.get()
    assert action.reason == (
        "The limit of 1 call a day for dana@acme.test is reached: an approver decides on each call beyond it."
    )
    made.per_day = 100  # as tomorrow does, it makes room again
    made.save()
    office.changed()
    office.wait_until_known(gateway)
    assert "waits for approval" in say(dana, 2).text, "it is the call of its ticket still"
    assert PendingAction.objects.count() == 1
    assert len(upstream.calls) == 1


def test_two_processes_share_the_counts(
    dana: Client, gateway: Gateway, second_gateway: Gateway, office: Office, upstream: Upstream
) -> None:
    other = Client(second_gateway, office.token).until(200)
    limit(office, [gateway, second_gateway], Kind.PERSON, per_day=10)
    answers = [say(client, number) for number, client in enumerate([dana, other] * 15)]
    assert 10 <= ran(answers) <= 10 + TOLERANCE
    assert len(upstream.calls) == ran(answers)
    wait_for(lambda: "is reached" in say(dana, 100).text and "is reached" in say(other, 101).text)


TOLERANCE = 20
"""Two processes, a fifth of a second, and calls as fast as one client after the other makes them: docs/limits.md."""


def test_a_day_s_count_outlives_the_process_and_redis(
    dana: Client, office: Office, gateway: Gateway, start_gateway: Callable[[], Gateway]
) -> None:
    made = limit(office, [gateway], Kind.PERSON, per_day=5)
    assert ran([say(dana, number) for number in range(5)]) == 5
    wait_for(lambda: LimitCount.objects.filter(limit=made, calls=5).exists())
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(*client.keys("harriet:limits:*"))
    later = Client(start_gateway(), office.token).until(200)
    wait_for(lambda: "is reached" in say(later, 100 + int(time.monotonic())).text)
    assert LimitCount.objects.get(limit=made).calls >= 5


def test_what_alice_tries_counts_and_is_counted(office: Office) -> None:
    """Each attempt is a process of its own, as a step of a run is."""
    ToolPermission.objects.create(tool_id=office.tool_id("echo"), role="owner")
    alice = office.cast.actor(office.cast.alice)
    add_limit(office.cast.acme, Kind.TOOL, office.tools["echo"], per_day=2, actor=alice)
    tried = [try_tool(office.tool_id("echo"), b'{"text": "%d"}' % number, actor=alice) for number in range(3)]
    assert [bool(one.error) for one in tried] == [False, False, True]
    assert "limit of 2 calls a day for the tool echo of CRM is reached" in tried[-1].error
    assert LimitCount.objects.get().calls == 2


def test_without_redis_a_process_goes_on_with_what_it_counts(
    office: Office, gateway: Gateway, dana: Client, logs: Any
) -> None:
    limit(office, [gateway], Kind.PERSON, per_minute=4)
    lonely = Gateway(log=logs / "without-redis.log", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    try:
        lonely.wait()
        client = Client(lonely, office.token).until(200)
        wait_for_room_in(MINUTE)
        answers = [say(client, number) for number in range(8)]
        assert ran(answers) == 4
        assert "limit of 4 calls a minute" in answers[-1].text
    finally:
        lonely.stop()
