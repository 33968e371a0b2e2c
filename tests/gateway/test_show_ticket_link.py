"""A connector that leaves its calls to whoever asked: their client shows them the ticket, by whatever way it has.
Nobody else is disturbed."""

from __future__ import annotations

import json

import pytest

from approvals.actions.approve_action import approve_action
from approvals.actions.reject_action import reject_action
from approvals.models import PendingAction
from connectors.models import Connector, Tool
from harriet.people.actors import actor_of
from tests.gateway.test_hold_call import hold_for, the_action
from tests.gateway.test_need_account import ACCEPT, URLS, Opening, OpeningTurns
from tests.stage.clients import Client
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def theirs(office: Office, dana: Client, gateway: Gateway) -> Gateway:
    """Dana decides on what she asks for, where it is not dangerous."""
    Tool.objects.filter(name="echo").update(requires_confirmation=True, risk_proposed="moderate")
    Connector.objects.update(deciders=Connector.Deciders.REQUESTER)
    hold_for(office, 60, gateway)
    return gateway


def decide(office: Office) -> None:
    approve_action(the_action(), actor=actor_of(office.cast.dana))


def only_link(params: dict[str, object]) -> dict[str, object]:
    assert params["mode"] == "url" and str(params["url"]).endswith("/tickets/1/")
    assert "#1" in str(params["message"]) and "dana" not in json.dumps(params).lower()
    return params


def test_in_the_stream_the_link_is_shown_while_the_call_waits(
    theirs: Gateway, office: Office, upstream: Upstream
) -> None:
    client = Opening(theirs, office.token, capabilities=URLS)
    answer = client.talk(ACCEPT, lambda: decide(office), progressToken=1)
    assert answer["result"]["content"][0]["text"] == "hi", answer
    asked = [one for one in client.asked if one["method"] == "elicitation/create"]
    (question,) = [only_link(one["params"]) for one in asked]
    complete = [one for one in client.asked if one["method"] == "notifications/elicitation/complete"]
    assert [one["params"] for one in complete] == [{"elicitationId": question["elicitationId"]}]
    assert len(upstream.calls) == 1


def test_a_no_of_theirs_ends_it_too_and_a_wait_that_is_over_does_not(theirs: Gateway, office: Office) -> None:
    client = Opening(theirs, office.token, capabilities=URLS)
    by_dana = actor_of(office.cast.dana)
    answer = client.talk(ACCEPT, lambda: reject_action(the_action(), reason="No.", actor=by_dana), progressToken=1)
    assert "No." in answer["result"]["content"][0]["text"]
    assert client.asked[-1]["method"] == "notifications/elicitation/complete"
    hold_for(office, 1, theirs)
    answer = client.talk(ACCEPT, lambda: None, progressToken=1)
    assert answer["result"]["structuredContent"]["ticket"]["state"] == "waiting"
    assert client.asked[-1]["method"] != "notifications/elicitation/complete", "nobody has decided yet"


@pytest.mark.parametrize("action", ["accept", "decline"])
def test_in_the_stateless_era_the_next_request_waits(
    theirs: Gateway, office: Office, upstream: Upstream, action: str
) -> None:
    """Whatever they answer decides nothing: the page does."""
    turns = OpeningTurns(theirs, office.token)
    first = turns.first()
    assert first["resultType"] == "input_required"
    assert "elicitationId" not in only_link(next(iter(first["inputRequests"].values()))["params"])
    assert upstream.calls == []
    decide(office)
    done = turns.next(first, {"action": action})
    assert done["resultType"] == "complete" and done["content"][0]["text"] == "hi"
    assert len(upstream.calls) == 1


def test_without_a_stream_the_protocols_own_error_shows_it_once(theirs: Gateway, office: Office) -> None:
    client = Opening(theirs, office.token, capabilities=URLS, streams=False)
    error = client.call("echo", {"text": "hi"}).error
    assert error["code"] == -32042 and error["data"]["ticket"]["number"] == 1
    only_link(error["data"]["elicitations"][0])
    decide(office)
    assert client.call("echo", {"text": "hi"}).text == "hi"


def test_nobody_is_disturbed_who_can_do_nothing_there(theirs: Gateway, office: Office) -> None:
    """An approver decides, the call is dangerous, or the client opens nothing: then it is held like any other."""
    client = OpeningTurns(theirs, office.token)
    Tool.objects.filter(name="echo").update(risk_proposed="dangerous")
    hold_for(office, 60, theirs)
    assert client.first()["structuredContent"]["ticket"]["number"] == 1
    Tool.objects.filter(name="echo").update(risk_proposed="moderate")
    Connector.objects.update(deciders=Connector.Deciders.APPROVERS)
    hold_for(office, 0, theirs)
    assert client.call("echo", {"text": "again"}).result["structuredContent"]["ticket"]["number"] == 2
    Connector.objects.update(deciders=Connector.Deciders.REQUESTER)
    hold_for(office, 0, theirs)
    plain = Client(theirs, office.token)
    assert plain.call("echo", {"text": "plain"}).result["structuredContent"]["ticket"]["number"] == 3
    assert PendingAction.objects.filter(state="waiting").count() == 3
