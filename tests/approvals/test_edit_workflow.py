"""Alice makes a workflow in the pages, and a program does over the API; Dana starts a run and answers what it asks."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import RunSchedule, RunStep, Workflow, WorkflowRun
from audit.models import Event
from harriet.people.models import Membership

if TYPE_CHECKING:
    from connectors.models import Tool
    from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def tool(cast: Cast) -> Tool:
    """Of the profile Work, which Sales has."""
    from tests.stage.connectors import connector, tool
    from tests.stage.profiles import profile

    crm = connector(cast.acme, "http://127.0.0.1:9/mcp")
    profile(cast.acme, crm, groups=[cast.sales])
    return tool(crm, {"name": "send_mail"}, cast.sales, requires_confirmation=True)


@pytest.fixture
def alice(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.alice)
    return client


@pytest.fixture
def dana(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.dana)
    return client


def test_is_made_step_by_step_tried_and_started(cast: Cast, tool: Tool, alice: Client, dana: Client) -> None:
    work = tool.connector.profiles.get()
    said = {"name": "Onboard", "description": "", "profile": str(work.pk)}
    alice.post(reverse("workflows:new"), said)
    workflow = Workflow.objects.get()
    at = {"pk": workflow.pk}

    said = {"label": "Amount", "name": "amount", "type": "number", "required": "on"}
    assert alice.post(reverse("workflows:new_input", kwargs=at), said).status_code == 302
    for kind, said, problem in (
        ("stop", {"name": "check", "condition": "inputs.amount >"}, "no expression in CEL"),
        ("stop", {"name": "check", "condition": "inputs.amonut > 1000.0"}, "no input “amonut”"),
        ("stop", {"name": "Check it", "condition": "true"}, "small letters"),
        ("reply", {"name": "ask", "question": "{{ steps.find.text }}?"}, "No step before this one is called “find”"),
        ("until", {"name": "pause", "until": "soon"}, "no moment and no duration"),
        ("call", {"name": "send", "tool": "", "arguments": "{}"}, "Choose a tool"),
        ("call", {"name": "send", "tool": str(tool.pk), "arguments": "{"}, "not valid JSON"),
        ("call", {"name": "send", "tool": str(tool.pk), "arguments": '{"to": "=max"}'}, "There is no “max”"),
    ):
        page = alice.post(reverse("workflows:new_step", kwargs={**at, "kind": kind}), said)
        assert page.status_code == 400, (kind, said)
        assert problem in page.content.decode(), (kind, said)
    for kind, said in (
        ("stop", {"name": "check", "condition": "inputs.amount > 1000", "because": "{{ inputs.amount }} is too much"}),
        ("reply", {"name": "ask", "question": "To whom?"}),
        ("call", {"name": "send", "tool": str(tool.pk), "arguments": '{"to": "=steps.ask.reply"}'}),
    ):
        assert alice.post(reverse("workflows:new_step", kwargs={**at, "kind": kind}), said).status_code == 302, kind
    page = alice.get(reverse("workflows:detail", kwargs=at)).content.decode()
    assert "Calls CRM: send_mail" in page

    alice.post(reverse("workflows:move_step", kwargs={**at, "position": 1}), {"way": "remove"})
    page = alice.get(reverse("workflows:detail", kwargs=at)).content.decode()
    assert "No step before this one is called “ask”" in page and "ask was not removed." in page
    alice.post(reverse("workflows:move_step", kwargs={**at, "position": 1}), {"way": "up"})
    assert "The step ask is moved." in alice.get(reverse("workflows:detail", kwargs=at)).content.decode()
    workflow.refresh_from_db()
    assert [step["name"] for step in workflow.steps] == ["ask", "check", "send"]
    assert alice.get(reverse("workflows:step", kwargs={**at, "position": 2})).status_code == 200

    found = alice.post(
        reverse("workflows:dry_run", kwargs=at), {"input_amount": "12.50", "answer_ask": "max@example.test"}
    ).content.decode()
    assert "max@example.test" in found
    assert "alice@acme.test may not use the workflow’s profile Work." in found  # she is not of Sales
    as_dana = {"input_amount": "12.50", "answer_ask": "max", "person": str(Membership.objects.get(user=cast.dana).pk)}
    found = alice.post(reverse("workflows:dry_run", kwargs=at), as_dana).content.decode()
    assert "This tool requires confirmation: an approver decides on each call." in found
    assert not WorkflowRun.objects.exists()

    assert dana.get(reverse("workflows:start", kwargs=at)).status_code == 404
    assert dana.get(reverse("workflows:list")).status_code == 403
    alice.post(reverse("workflows:switch", kwargs=at), {"state": "active"})
    assert "Onboard" in dana.get(reverse("workflows:runs")).content.decode()
    page = dana.post(reverse("workflows:start", kwargs=at), {"amount": "a lot"})
    assert page.status_code == 400
    assert "give a number" in page.content.decode()
    dana.post(reverse("workflows:start", kwargs=at), {"amount": "12"})
    run = WorkflowRun.objects.get()
    assert (run.user, run.origin, run.state) == (cast.dana, "page", "running")
    page = dana.get(reverse("tickets:detail", args=[run.ticket.number]))
    assert "Not reached yet" in page.content.decode()
    assert '<a href="/workflows/runs/" aria-current="page">' in page.content.decode()
    assert Event.objects.filter(code="run.started").count() == 1

    alice.post(reverse("workflows:cancel", args=[run.ticket.number]))
    run.refresh_from_db()
    assert (run.state, run.ticket.is_open) == ("cancelled", False)


def test_programs_do_the_same(cast: Cast, tool: Tool, alice: Client, dana: Client) -> None:
    ask = {"name": "ask", "kind": "reply", "question": "To whom?"}
    stop = {"name": "enough", "kind": "stop", "condition": "steps.ask.reply == 'nobody'", "because": "Nobody."}
    wrong = {"name": "Onboard", "profile": "work", "steps": [{**ask, "question": "{{ inputs.x }}"}]}
    assert "no input" in post(alice, "api:workflows", wrong, status=400)["detail"]
    assert "profile" not in post(dana, "api:workflows", {**wrong, "profile": "secret"}, status=403)["detail"]
    made = post(alice, "api:workflows", {"name": "Onboard", "profile": "work", "steps": [ask, stop]}, status=201)
    path = reverse("api:workflow", args=[made["id"]])
    assert dana.get(path).status_code == 404
    assert alice.patch(path, {"state": "active"}, content_type="application/json").json()["state"] == "active"
    assert dana.patch(path, {"state": "off"}, content_type="application/json").status_code == 403

    assert dana.patch(path, {"profile": "secret"}, content_type="application/json").status_code == 403

    run = post(dana, "api:runs", {"workflow": made["id"]}, status=201)
    advance(run["id"])
    shown = dana.get(reverse("api:run", args=[run["id"]])).json()
    assert (shown["state"], shown["attempts"][0]["reason"]) == ("waiting", "To whom?")
    assert post(dana, "api:reply_to_run", {"reply": " "}, run["id"], status=400)
    post(dana, "api:reply_to_run", {"reply": "nobody"}, run["id"])
    advance(run["id"])
    shown = dana.get(reverse("api:run", args=[run["id"]])).json()
    assert (shown["state"], shown["reason"]) == ("done", "Nobody.")
    assert shown["attempts"][0]["answer"]["reply"] == "nobody"
    shown = alice.get(reverse("api:run", args=[run["id"]])).json()
    assert [one["answer"] for one in shown["attempts"]] == [None, None]
    assert RunStep.objects.count() == 2


def test_runs_by_itself_once_for_all_that_was_missed(cast: Cast, tool: Tool, alice: Client, dana: Client) -> None:
    from approvals.actions.start_scheduled_runs import start_scheduled_runs
    from audit.actor import SYSTEM

    ask = {"name": "ask", "kind": "reply", "question": "To whom?"}
    made = post(alice, "api:workflows", {"name": "Report", "profile": "work", "steps": [ask]}, status=201)
    alice.patch(reverse("api:workflow", args=[made["id"]]), {"state": "active"}, content_type="application/json")
    at = reverse("workflows:schedule", args=[made["id"]])
    for said, problem in (
        ({"cron": "0 9 * *", "time_zone": "UTC"}, "Write five fields"),
        ({"cron": "61 9 * * *", "time_zone": "UTC"}, "name no time"),
        ({"cron": "0 0 31 2 *", "time_zone": "UTC"}, "name no time"),
        ({"cron": "*/2 * * * *", "time_zone": "UTC"}, "at most every five minutes"),
        ({"cron": "0,1 9 * * *", "time_zone": "UTC"}, "at most every five minutes"),
        ({"cron": "0 9 * * *", "time_zone": "Vienna"}, "no such time zone"),
    ):
        page = dana.post(at, said)
        assert page.status_code == 400, said
        assert problem in page.content.decode(), said
    assert dana.post(at, {"cron": "0 9 * * 1", "time_zone": "Europe/Vienna"}).status_code == 302
    assert "0 9 * * 1" in dana.get(reverse("workflows:runs")).content.decode()

    assert start_scheduled_runs(actor=SYSTEM) == 0
    schedule = RunSchedule.objects.get()
    assert (schedule.due_at.weekday(), schedule.due_at.hour in (7, 8)) == (0, True)  # in UTC, by the season
    RunSchedule.objects.update(due_at=schedule.due_at - timedelta(days=70))
    for _ in range(2):
        start_scheduled_runs(actor=SYSTEM)
    run = WorkflowRun.objects.get()
    assert (run.user, run.origin) == (cast.dana, "schedule")
    schedule.refresh_from_db()
    assert (schedule.last_run, schedule.due_at > run.created_at) == (run, True)

    alice.patch(reverse("api:workflow", args=[made["id"]]), {"state": "off"}, content_type="application/json")
    RunSchedule.objects.update(due_at=run.created_at)
    start_scheduled_runs(actor=SYSTEM)
    schedule.refresh_from_db()
    assert (schedule.due_at, WorkflowRun.objects.count()) == (None, 1)
    assert "not switched on" in dana.get(reverse("workflows:runs")).content.decode()
    assert dana.post(reverse("workflows:end_schedule", args=[schedule.pk])).status_code == 302
    assert not RunSchedule.objects.exists()


def test_a_schedule_that_is_refused_keeps_no_other_from_starting(
    cast: Cast, tool: Tool, alice: Client, dana: Client
) -> None:
    """Its inputs can't be opened any more: it is stopped and says why, and the next one starts."""
    from approvals.actions.start_scheduled_runs import start_scheduled_runs
    from audit.actor import SYSTEM

    ask = {"name": "ask", "kind": "reply", "question": "To whom?"}
    made = post(alice, "api:workflows", {"name": "Report", "profile": "work", "steps": [ask]}, status=201)
    alice.patch(reverse("api:workflow", args=[made["id"]]), {"state": "active"}, content_type="application/json")
    for cron in ("0 9 * * 1", "0 9 * * 2"):
        dana.post(reverse("workflows:schedule", args=[made["id"]]), {"cron": cron, "time_zone": "UTC"})
    broken, good = RunSchedule.objects.order_by("cron")
    RunSchedule.objects.filter(pk=broken.pk).update(sealed_inputs=b"x" * 80, due_at="2020-01-01T00:00Z")
    RunSchedule.objects.filter(pk=good.pk).update(due_at="2020-01-01T01:00Z")
    start_scheduled_runs(actor=SYSTEM)
    broken.refresh_from_db()
    good.refresh_from_db()
    assert (broken.due_at, broken.last_run) == (None, None) and "can't be opened" in broken.problem
    assert good.last_run == WorkflowRun.objects.get() and good.problem == ""


def test_a_reply_is_for_the_question_that_was_read(cast: Cast, tool: Tool, alice: Client, dana: Client) -> None:
    asks = [{"name": name, "kind": "reply", "question": f"{name}?"} for name in ("first", "second")]
    made = post(alice, "api:workflows", {"name": "Ask", "profile": "work", "steps": asks}, status=201)
    alice.patch(reverse("api:workflow", args=[made["id"]]), {"state": "active"}, content_type="application/json")
    run = post(dana, "api:runs", {"workflow": made["id"]}, status=201)
    advance(run["id"])
    page, url = reverse("tickets:detail", args=[run["ticket"]]), reverse("workflows:reply", args=[run["ticket"]])
    read = {"reply": "yes", "step": str(dana.get(page).context["current"].pk)}
    assert f'name="step" value="{read["step"]}"' in dana.get(page).content.decode()
    assert dana.post(url, read).status_code == 302
    assert "asks for no reply now" in dana.post(url, read).content.decode()
    advance(run["id"])
    answer = dana.post(url, read)
    assert answer.status_code == 400 and "the run asks something else now" in answer.content.decode()
    assert list(RunStep.objects.order_by("position").values_list("state", flat=True)) == ["done", "waiting"]


def post(client: Client, name: str, body: dict[str, Any], *ids: str, status: int = 200) -> Any:
    answer = client.post(reverse(name, args=ids), body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


def advance(run_id: str) -> None:
    """As a worker would, for steps that call nothing."""
    from approvals.actions.advance_run import advance_run
    from approvals.runs.leases import claim
    from approvals.runs.work import Again
    from audit.actor import SYSTEM
    from harriet.lib.ids import new_id

    run, lease = WorkflowRun.objects.get(pk=run_id), new_id()
    assert claim(run.pk, lease)
    while isinstance(advance_run(run.pk, lease, actor=SYSTEM), Again):
        continue
