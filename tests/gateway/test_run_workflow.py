"""Dana's run goes through its steps as herself: calls, an approval, a reply, a wait, and nothing twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from approvals.actions.reply_to_run import reply_to_run
from approvals.models import PendingAction, RunStep
from approvals.runs.sealed import SealedParts
from audit.models import Event
from harriet.people.models import Membership
from tests.stage.office import Office
from tests.stage.processes import Upstream
from tests.stage.workflows import Desk, now, steps_of, work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def test_goes_through_calls_an_approval_and_a_reply(desk: Desk, upstream: Upstream) -> None:
    desk.confirm("slow")
    workflow = desk.workflow(
        desk.step("find", "echo", text="for {{ inputs.customer }}"),
        {"name": "ask", "kind": "reply", "question": "Send {{ steps.find.text }}?"},
        desk.step("send", "slow", text="=steps.find.text + ': ' + steps.ask.reply", ms=1),
        inputs=[{"name": "customer", "label": "Customer", "required": True}],
    )
    run = desk.start(workflow, customer="Max")
    work()
    assert steps_of(run) == [("find", "done"), ("ask", "waiting")]
    assert RunStep.objects.get(run=run, name="ask").reason == "Send for Max?"

    bob = Membership.objects.get(user=desk.cast.bob)
    reply_to_run(run, "gladly", bob, actor=desk.cast.actor(desk.cast.bob))
    work()
    action = PendingAction.objects.get()
    assert (action.run_step, action.state) == (RunStep.objects.get(run=run, name="send"), "waiting")
    assert now(run).state == "waiting"
    work()
    assert [sent(one) for one in upstream.calls] == ["for Max"]

    desk.approve_all()
    work()
    assert now(run).state == "done"
    assert [sent(one) for one in upstream.calls] == ["for Max", "for Max: gladly"]
    send = RunStep.objects.get(run=run, name="send")
    assert SealedParts.of(now(run)).result_of(send)["text"] == "for Max: gladly"
    assert PendingAction.objects.get().state == "collected"
    codes = [event.code for event in Event.objects.filter(request_id=send.pk).order_by("recorded_at", "pk")]
    assert codes == ["call.held", "action.approved", "call.intent", "call.outcome", "action.collected"]


def sent(entry: dict[str, Any]) -> str:
    return str(entry["message"]["params"]["arguments"]["text"])


def persons_of_calls() -> set[str]:
    return {json.loads(event.body)["person"]["label"] for event in Event.objects.filter(code="call.intent")}
