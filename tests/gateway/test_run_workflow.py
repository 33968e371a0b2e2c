"""Dana's run goes through its steps as herself: calls, an approval, a reply, a wait, and nothing twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models.functions import Now

from approvals.actions.advance_run import advance_run
from approvals.actions.approve_action import approve_action
from approvals.actions.cancel_run import cancel_run
from approvals.actions.edit_action import edit_action
from approvals.actions.keep_answer import keep_answer
from approvals.actions.reap_runs import reap_runs
from approvals.actions.reject_action import reject_action
from approvals.actions.reply_to_run import reply_to_run
from approvals.actions.retry_step import retry_step
from approvals.actions.take_action import take_action
from approvals.errors import ApprovalError, NotYours
from approvals.models import PendingAction, RunStep, WorkflowRun
from approvals.queries import waiting_for
from approvals.runs.leases import claim, start_sending
from approvals.runs.sealed import SealedParts
from approvals.runs.work import Execute, Send
from audit.actor import SYSTEM
from audit.models import Event
from connectors.models import Tool
from harriet.gateway.runs.execute import _make
from harriet.lib.ids import new_id
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.models import Membership
from tests.stage.office import Office
from tests.stage.processes import Upstream
from tests.stage.waiting import wait_for
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

    reply_to_run(run, "gladly", actor=desk.cast.actor(desk.cast.alice))
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


def test_a_dead_workers_call_is_repeated_only_if_nothing_left(desk: Desk, upstream: Upstream) -> None:
    workflow = desk.workflow(desk.step("send", "echo", text="{{ run.ticket }}"))
    Tool.objects.filter(pk=desk.office.tool_id("echo")).update(risk_override="dangerous", requires_confirmation=True)
    desk.office.changed()
    before, after, late = (desk.start(workflow) for _ in range(3))
    work()
    desk.approve_all()
    for run, dies in ((before, "before"), (after, "after"), (late, "after")):
        die_at_work(run, dies)
    assert reap_runs(actor=SYSTEM) == 3

    # Nothing had left of the first: the approval stands, and it goes on by itself.
    assert action_of(before).state == "approved"
    assert [now(run).state for run in (after, late)] == ["unknown", "unknown"]
    work()
    assert now(before).state == "done"
    assert [now(run).state for run in (after, late)] == ["unknown", "unknown"]
    assert texts(upstream) == [str(before.ticket.number)]

    # Of the others nobody knows: a person says, and not without having looked.
    dana, bob = (desk.cast.actor(one) for one in (desk.cast.dana, desk.cast.bob))
    for who, says, problem in ((bob, True, "Only the person of the run"), (dana, False, "Look there first")):
        with pytest.raises(ApprovalError, match=problem):
            retry_step(after, has_not_run=says, actor=who)
    retry_step(after, has_not_run=True, actor=dana)
    work()
    assert now(after).state == "waiting"  # a new attempt needs a new approval
    desk.approve_all()
    work()
    assert now(after).state == "done"
    assert steps_of(after) == [("send", "unknown"), ("send", "done")]

    # A worker that was only slow says what became of it, unless somebody else did.
    answer = b'{"content":[{"type":"text","text":"late"}]}'
    keep_answer(step_of(late).pk, answer, is_unknown=False, actor=SYSTEM)
    assert now(late).state == "running"
    work()
    assert now(late).state == "done"
    assert len(texts(upstream)) == 2


def test_asks_again_what_only_reads_and_gives_up_in_the_end(desk: Desk, upstream: Upstream) -> None:
    workflow = desk.workflow(desk.step("read", "echo", text="read"))
    run = desk.start(workflow)
    die_at_work(run, "after")
    reap_runs(actor=SYSTEM)
    work()
    assert now(run).state == "done"
    assert steps_of(run) == [("read", "lost"), ("read", "done")]
    poison = desk.start(workflow)
    for _ in range(5):
        die_at_work(poison, "before")
        reap_runs(actor=SYSTEM)
    work()
    assert now(poison).state == "failed"
    assert "stopped 5 times" in now(poison).reason
    retry_step(poison, has_not_run=False, actor=desk.cast.actor(desk.cast.dana))
    work()
    assert now(poison).state == "done"
    assert texts(upstream) == ["read", "read"]


def test_stops_where_it_cannot_go_on(desk: Desk, upstream: Upstream) -> None:
    """Each with the sentence that its person reads."""
    call = desk.step("send", "echo", text="=steps.ask.result.missing")
    ask = {"name": "ask", "kind": "reply", "question": "?"}
    stop = {"name": "enough", "kind": "stop", "condition": "steps.ask.result.amount > 10"}
    for steps, sentence in (
        ([ask, call], "has no value"),
        ([ask, stop], "has no value"),
        ([ask, {**stop, "condition": "steps.ask.reply"}], "neither true nor false"),
        ([ask, {"name": "pause", "kind": "until", "until": "=steps.ask.reply"}], "no moment and no duration"),
        ([ask, desk.step("broken", "fail")], "The tool reported an error: It did not work."),
    ):
        run = desk.start(desk.workflow(*steps))
        work()
        reply_to_run(run, "yes", actor=desk.cast.actor(desk.cast.alice))
        work()
        assert now(run).state == "failed", steps
        assert sentence in now(run).reason
    assert [call["message"]["params"]["name"] for call in upstream.calls] == ["fail"]


def test_waits_for_decisions_and_ends_with_them(desk: Desk, upstream: Upstream) -> None:
    desk.confirm("echo")
    workflow = desk.workflow(desk.step("send", "echo", text="{{ run.ticket }}"))
    rejected, cancelled, edited, ended = (desk.start(workflow) for _ in range(4))
    work()
    alice, bob, dana = (desk.cast.actor(one) for one in (desk.cast.alice, desk.cast.bob, desk.cast.dana))
    reject_action(action_of(rejected), reason="Not today.", actor=bob)
    cancel_run(cancelled, actor=dana)
    edit_action(action_of(edited), b'{"text":"changed"}', reason="A typing error.", actor=bob)
    work()
    assert (now(rejected).state, now(cancelled).state, now(edited).state) == ("failed", "cancelled", "done")
    assert "Not today." in now(rejected).reason
    assert action_of(cancelled).state == "withdrawn"
    assert texts(upstream) == ["changed"]
    assert SealedParts.of(now(edited)).result_of(step_of(edited))["text"] == "changed"

    member = Membership.objects.select_related("organization", "user").get(user=desk.cast.dana)
    deactivate_person(member, actor=alice)
    assert (now(ended).state, action_of(ended).state) == ("ended", "ended")
    assert now(rejected).state == "ended"
    work()
    assert texts(upstream) == ["changed"]


def test_a_run_may_be_stricter_than_its_profile(desk: Desk, upstream: Upstream) -> None:
    workflow = desk.workflow(desk.step("read", "echo", text="read"))
    free, strict = desk.start(workflow), desk.start(workflow, trust="manual")
    work()
    assert (now(free).state, now(strict).state) == ("done", "waiting")
    assert action_of(strict).reason == "The trust level of this run is Manual: every call waits for approval."
    desk.approve_all()
    work()
    assert now(strict).state == "done"
    assert texts(upstream) == ["read", "read"]


def test_nobody_approves_what_they_answered_or_started(desk: Desk) -> None:
    desk.confirm("echo")
    ask = {"name": "ask", "kind": "reply", "question": "What?"}
    workflow = desk.workflow(ask, desk.step("send", "echo", text="=steps.ask.reply"))
    bobs = Membership.objects.get(user=desk.cast.bob)
    bobs.groups.add(desk.cast.sales)
    bob, alice = desk.cast.actor(desk.cast.bob), desk.cast.actor(desk.cast.alice)
    run, own = desk.start(workflow), desk.start(workflow, who=desk.cast.bob)
    work()
    for one, who in ((run, bob), (own, alice)):
        reply_to_run(one, "pay Bob", actor=who)
    work()
    for one, problem in ((run, "You answered what this run had asked"), (own, "You asked for this call yourself")):
        with pytest.raises(NotYours, match=problem):
            approve_action(action_of(one), actor=bob)
    with pytest.raises(NotYours, match="You answered"):
        approve_action(action_of(own), actor=alice)
    assert not waiting_for(bobs).exists()
    approve_action(action_of(run), actor=alice)
    work()
    assert now(run).state == "done"


def test_a_call_that_ran_without_a_usable_answer_is_not_made_again_unasked(desk: Desk, upstream: Upstream) -> None:
    run = desk.start(desk.workflow(desk.step("look", "weather", ok=False)))
    work()
    assert "The server carried out the call, but its answer was not passed on" in now(run).reason
    assert now(run).state == "unknown"
    with pytest.raises(ApprovalError, match="Look there first"):
        retry_step(run, has_not_run=False, actor=desk.cast.actor(desk.cast.dana))


def making(desk: Desk) -> Send:
    """A worker is about to make a run's call."""
    run = desk.start(desk.workflow(desk.step("send", "echo", text="a")))
    lease = new_id()
    assert claim(run.pk, lease)
    send = advance_run(run.pk, lease, actor=SYSTEM)
    assert isinstance(send, Send)
    return send


def of_call(send: Send) -> list[tuple[str, str, str]]:
    wait_for(lambda: Event.objects.filter(code="call.outcome", request_id=send.step_id).exists())
    found = Event.objects.filter(request_id=send.step_id).order_by("recorded_at", "pk")
    return [(one.code, one.outcome, str(one.fields.get("reason", ""))) for one in found]


def test_a_call_that_is_given_up_after_its_intent_has_its_outcome(desk: Desk, upstream: Upstream) -> None:
    send = making(desk)
    RunStep.objects.filter(pk=send.step_id).update(lease=new_id())
    asyncio.run(_make(send))
    intent, outcome = of_call(send)
    assert intent[0] == "call.intent"
    why = "Nothing was sent: somebody else goes on with this run, or it was cancelled."
    assert outcome == ("call.outcome", "error", why)
    assert upstream.calls == []


def test_a_call_whose_database_fails_after_its_intent_has_its_outcome(desk: Desk, upstream: Upstream) -> None:
    send = making(desk)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE approvals_runstep RENAME TO away")
        try:
            with pytest.raises(DatabaseError):
                asyncio.run(_make(send))
        finally:
            cursor.execute("ALTER TABLE away RENAME TO approvals_runstep")
    intent, outcome = of_call(send)
    assert intent[0] == "call.intent"
    why = "Something went wrong in Harriet. The call itself was not made."
    assert outcome == ("call.outcome", "error", why)
    assert upstream.calls == []


def die_at_work(run: WorkflowRun, dies: str) -> None:
    """A worker that was killed before anything left, or after; long ago."""
    lease = new_id()
    assert claim(run.pk, lease)
    work = advance_run(run.pk, lease, actor=SYSTEM)
    if isinstance(work, Execute):
        assert take_action(work.action_id, actor=SYSTEM)
    if dies == "after":
        assert start_sending(step_of(run).pk, lease)
    WorkflowRun.objects.filter(pk=run.pk).update(heartbeat_at=Now() - timedelta(minutes=1))
    if dies == "before":
        assert not start_sending(step_of(run).pk, new_id())  # nobody else's attempt


def action_of(run: WorkflowRun) -> PendingAction:
    related = ("ticket", "connector", "tool", "token__agent", "user", "organization")
    return PendingAction.objects.select_related(*related).filter(run_step__run=run).latest("created_at")


def step_of(run: WorkflowRun) -> RunStep:
    return RunStep.objects.filter(run=run).latest("position", "attempt")


def texts(upstream: Upstream) -> list[str]:
    return [sent(one) for one in upstream.calls]
