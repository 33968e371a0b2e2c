"""`harriet_ticket_status`, Harriet's own tool: who has it, what it says of whose calls, and that it is governed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db.models import F

from approvals.actions.lapse_results import lapse_results
from approvals.actions.reject_action import reject_action
from approvals.models import COLLECT_WITHIN, PendingAction
from audit.actor import SYSTEM
from audit.models import Event
from connectors.models import Profile, Tool
from harriet.gateway.tasks import run_approved_action
from harriet.people.actors import actor_of
from tests.gateway.test_hold_call import approve, hold_for, the_action
from tests.stage.clients import Client, ModernClient
from tests.stage.office import Office
from tests.stage.processes import Upstream
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for

STATUS = "harriet_ticket_status"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(office: Office, dana: Client) -> Client:
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    hold_for(office, 0, dana.gateway)
    return dana


def listed(client: Client) -> dict[str, Any]:
    return {tool["name"]: tool for tool in client.request("tools/list").result["tools"]}


def tickets(client: Client, **arguments: Any) -> list[dict[str, Any]]:
    result = client.call(STATUS, arguments).result
    assert not result.get("isError"), result
    return list(result["structuredContent"]["tickets"])


def test_it_says_where_a_call_stands_from_the_question_to_the_collected_result(
    held: Client, office: Office, upstream: Upstream
) -> None:
    first = held.call("echo", {"text": "a"})
    assert STATUS in first.text and "Don't repeat it at once" in first.text
    (waiting,) = tickets(held)
    assert (waiting["number"], waiting["state"], waiting["tool"]) == (1, "waiting", "echo")
    assert waiting["url"].endswith("/tickets/1/") and waiting["next"].startswith("Wait: nobody has decided")
    run_approved_action(str(approve(office).id))
    (done,) = tickets(held, ticket=1)
    assert done["state"] == "done" and "repeat exactly the same call" in done["next"]
    assert held.call("echo", {"text": "a"}).text == "a"
    assert tickets(held) == [] and tickets(held, ticket=1)[0]["state"] == "collected"
    held.call("echo", {"text": "b"})
    reject_action(the_action(), reason="Not now.", actor=actor_of(office.cast.bob))
    assert tickets(held, ticket=2)[0]["reason"] == "Not now."
    assert "Not now." in held.call(STATUS, {"ticket": 2}).text
    modern = ModernClient(held.gateway, held.token)
    assert tickets(modern, ticket=2)[0]["state"] == "rejected"


def test_it_is_offered_where_something_waits_for_approval_and_steps_back_for_a_servers_tool(
    office: Office, dana: Client, upstream: Upstream
) -> None:
    before = listed(dana)
    assert STATUS not in before, "nobody needs it where nothing is held"
    assert dana.call(STATUS).error["code"] == -32602
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    Profile.objects.update(has_prefix=True)
    hold_for(office, 0, dana.gateway)
    prefixed = listed(dana)
    assert prefixed.keys() == {STATUS, *(f"crm_{name}" for name in before)}
    said = ModernClient(dana.gateway, dana.token).request("server/discover").result["instructions"]
    assert f"{STATUS} says where it stands." in said
    assert prefixed[STATUS]["outputSchema"]["required"] == ["tickets"]
    Profile.objects.update(has_prefix=False, is_progressive=True)
    hold_for(office, 0, dana.gateway)
    assert listed(dana).keys() == {"search_tools", "call_tool", STATUS}
    assert dana.call("call_tool", {"name": STATUS, "arguments": {}}).result["structuredContent"] == {"tickets": []}
    Profile.objects.update(is_progressive=False)
    Tool.objects.filter(name="weather").update(name=STATUS, requires_confirmation=True)
    hold_for(office, 0, dana.gateway)
    assert listed(dana)[STATUS]["description"] == "Does weather."
    told = dana.call(STATUS)
    assert told.result["structuredContent"]["ticket"]["number"] == 1 and f"{STATUS} says" not in told.text
    assert upstream.calls == []


def test_nobody_hears_of_anybody_elses_tickets(held: Client, office: Office) -> None:
    held.call("echo", {"text": "mine"})
    office.cast.bob.memberships.get(organization=office.cast.acme).groups.add(office.cast.sales)
    bob = Client(held.gateway, device_token(office.cast.acme, office.cast.bob, "phone"))
    office.wait_until_known(held.gateway)
    assert tickets(bob) == []
    for number in (1, 77):
        told = bob.call(STATUS, {"ticket": number}).result
        assert told["isError"] and told["content"][0]["text"].startswith(f"There is no ticket #{number} of a call")
    phone = Client(held.gateway, device_token(office.cast.acme, office.cast.dana, "phone"))
    office.wait_until_known(held.gateway)
    assert [one["number"] for one in tickets(phone)] == [1], "the same person with another client"


def test_it_is_governed_like_any_call(held: Client, office: Office) -> None:
    """Its arguments are checked, and intent and outcome stand in the log."""
    told = held.call(STATUS, {"ticket": "one"}).result
    assert told["isError"] and "fit the tool's schema" in told["content"][0]["text"]
    wait_for(lambda: Event.objects.filter(code="call.refused").count() == 1)
    tickets(held)
    rows = Event.objects.filter(code__in=["call.intent", "call.outcome"])
    wait_for(lambda: rows.count() == 2)
    bodies = [json.loads(row.body) for row in rows]
    assert {body["tool"]["label"] for body in bodies} == {STATUS}
    assert {body["connector"]["label"] for body in bodies} == {"Harriet"}


def test_a_result_that_nobody_collects_is_deleted_and_the_same_call_asks_anew(
    held: Client, office: Office, upstream: Upstream
) -> None:
    """Whether the schedule has come by already or not."""
    for number, is_swept in ((1, True), (2, False)):
        told = held.call("echo", {"text": "left"}).result["structuredContent"]["ticket"]
        assert told["number"] == number and told["collectUntil"] > told["expiresAt"]
        run_approved_action(str(approve(office).id))
        PendingAction.objects.filter(state="done").update(expires_at=F("expires_at") - 2 * COLLECT_WITHIN)
        if is_swept:
            assert (lapse_results(actor=SYSTEM), lapse_results(actor=SYSTEM)) == (1, 0)
            assert tickets(held, ticket=number)[0]["state"] == "lapsed"
    assert "ticket #3" in held.call("echo", {"text": "left"}).text
    assert list(PendingAction.objects.order_by("pk").values_list("state", flat=True)) == ["lapsed", "lapsed", "waiting"]
    assert not PendingAction.objects.filter(sealed_result__isnull=False).exists()
    assert len(upstream.calls) == 2
    assert Event.objects.filter(code="action.lapsed").count() == 2


def test_a_profile_says_how_long_its_calls_are_held(office: Office, dana: Client) -> None:
    """Beside an organization that would hold them for a minute."""
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    Profile.objects.update(hold_seconds=0)
    hold_for(office, 60, dana.gateway)
    assert "waits for approval: ticket #1" in dana.call("echo", {"text": "now"}, progressToken=1).text
