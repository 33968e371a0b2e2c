"""Calls that go round in circles, and tools that fail: stopped in time, and for nobody who does neither."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import Event
from connectors.actions.set_breakers import set_breakers
from connectors.models import AtLimit, Connector
from harriet.people.models import Notice
from tests.stage.clients import Client
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.waiting import wait_for, wait_for_room_in

HOUR = 3600


@pytest.fixture(autouse=True)
def within_one_hour() -> None:
    wait_for_room_in(HOUR, 60)


def breakers(office: Office, gateway: Gateway, **chosen: Any) -> None:
    wanted: dict[str, Any] = {"repeats": 5, "seconds": HOUR, "at_limit": AtLimit.REFUSE, "may_repeat": []}
    wanted |= {"stops_failing": True, "counts_reads": True}
    set_breakers(office.cast.acme, **(wanted | chosen), actor=office.cast.actor(office.cast.alice))
    office.wait_until_known(gateway)


def test_the_model_is_told_that_it_asks_the_same_again_and_again(
    dana: Client, gateway: Gateway, office: Office, upstream: Upstream
) -> None:
    breakers(office, gateway, may_repeat=[office.tools["report"]])
    answers = [dana.call("echo", {"text": "are we there yet"}) for _ in range(7)]
    assert [bool(answer.result.get("isError")) for answer in answers] == [False] * 5 + [True] * 2
    assert answers[-1].text.startswith("You have made this very call 5 times within 3600 seconds, and the answer will")
    assert len(upstream.calls) == 5
    assert not dana.call("echo", {"text": "something else"}).result.get("isError")
    assert not any(dana.call("report", {"steps": 1}).result.get("isError") for _ in range(8)), "it is excepted"
    breakers(office, gateway, at_limit=AtLimit.HOLD)
    office.cast.acme.hold_seconds = 0
    office.cast.acme.save()
    office.changed()
    office.wait_until_known(gateway)
    assert "waits for approval" in dana.call("echo", {"text": "are we there yet"}).text


def test_a_tool_that_fails_pauses_and_its_connector_goes_on(
    dana: Client, gateway: Gateway, office: Office, upstream: Upstream
) -> None:
    breakers(office, gateway, repeats=0)
    said: list[Any] = [{"error": f'{{"code": -32603, "message": "Out of order {number}."}}'} for number in range(30)]
    answers = [dana.call("say", arguments) for arguments in said]
    reached = len(upstream.calls)
    assert 20 > reached >= 18
    assert "Nearly all of the last calls of say failed at CRM" in answers[-1].text
    assert not dana.call("echo", {"text": "other tools work"}).result.get("isError")
    assert Connector.objects.get().health != Connector.Health.DOWN
    wait_for(lambda: Event.objects.filter(code="tool.fails").exists())
    assert Notice.objects.filter(kind="tool_fails", user=office.cast.alice).count() == 1


def test_what_the_caller_did_wrong_stops_nobody(
    dana: Client, gateway: Gateway, office: Office, upstream: Upstream
) -> None:
    breakers(office, gateway, repeats=0)
    for number in range(25):
        dana.call("say", {"error": f'{{"code": -32602, "message": "No such page {number}."}}'})
        dana.call("fail", {"unknown": number})
        dana.call("fail", {})  # a tool's own error, of one caller alone
    assert len(upstream.calls) == 75
    assert not Event.objects.filter(code="tool.fails").exists()
