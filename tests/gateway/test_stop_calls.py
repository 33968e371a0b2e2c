"""An emergency stop holds on every process within a second: what runs ends, what waits freezes, what comes is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from approvals.actions.approve_action import approve_action
from approvals.errors import NotYours
from approvals.models import PendingAction, WorkflowRun
from approvals.queries import left_over
from audit.actor import Actor
from connectors.models import Tool
from harriet.console.stops.named import of_agent as of_agent_row
from harriet.console.stops.named import of_client
from harriet.gateway.policy.principal import Principal
from harriet.gateway.steps.stops import Stops
from harriet.gateway.tasks import run_approved_action
from harriet.people.actions.create_agent import create_agent
from harriet.people.actions.issue_agent_credential import issue_agent_credential
from harriet.people.actions.release_stop import ease_stop, release_stop
from harriet.people.actions.stop_calls import stop_calls
from harriet.people.actors import OPERATOR
from harriet.people.models import AccessToken, Group, Membership, Stop
from harriet.people.standing_stops import standing_in
from harriet.people.stop_powers import Subject
from tests.gateway.test_listen_streams import heard, listen, stream
from tests.servers.upstream import TOOLS
from tests.stage.clients import Client, ModernClient
from tests.stage.connected_apps import client_of, connected_app
from tests.stage.facts import bearers_in
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Answer, Gateway, Upstream
from tests.stage.waiting import wait_for
from tests.stage.workflows import Desk, now, steps_of, work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
MACHINE = Actor("system", None, OPERATOR)
EVERYTHING = Subject("organization", "", "Acme")
SLOW = {"ms": 60_000, "text": "arrived"}
STOPPED = "stopped for now by your organization"


class Asking:
    """A call in a thread of its own, as a client that waits for its answer."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._found: list[Answer] = []
        self._thread = threading.Thread(target=lambda: self._found.append(ask()))
        self._thread.start()

    @property
    def text(self) -> str:
        self._thread.join(180)
        answer = self._found[0]
        return answer.text if "result" in answer.json else str(answer.error["message"])


def stop(office: Office, subject: Subject = EVERYTHING, **more: Any) -> Stop:
    said = {"reason": "Somebody else has Dana's laptop.", "actor": MACHINE, **more}
    return stop_calls(office.cast.acme, subject, **said)


def release(one: Stop) -> None:
    assert release_stop(one, reason="It was a mistake.", actor=MACHINE)


def says(client: Client) -> str:
    answer = client.call("echo", {"text": "hello"})
    return answer.text if "result" in answer.json else str(answer.error)


def until_it_runs(client: Client) -> None:
    wait_for(lambda: STOPPED not in says(client))


def slow_calls(upstream: Upstream, *clients: Client) -> list[Asking]:
    """One of each client, which the server works on."""
    known = len(upstream.calls)
    calls = [Asking(lambda one=one: one.call("slow", SLOW)) for one in clients]
    wait_for(lambda: len(upstream.calls) >= known + len(clients))
    return calls


@pytest.fixture
def globex(office: Office, upstream: Upstream, gateway: Gateway) -> Client:
    """Another organization at the same processes, whose people call the same server."""
    from tests.stage.connectors import connector, tools
    from tests.stage.profiles import profile
    from tests.stage.tokens import device_token

    cast = office.cast
    group = Group.objects.create(organization=cast.globex, slug="all", name="All")
    Membership.objects.get(user=cast.charlie).groups.add(group)
    other = connector(cast.globex, upstream.mcp, era="legacy")
    tools(other, group, TOOLS)
    profile(cast.globex, other, groups=[group])
    return Client(gateway, device_token(cast.globex, cast.charlie), "/mcp/globex/work").until(200)


def test_all_ends_on_both_processes_and_the_log_says_what_is_known(
    office: Office, gateway: Gateway, second_gateway: Gateway, upstream: Upstream, globex: Client
) -> None:
    Tool.objects.filter(organization=office.cast.acme, name="echo").update(requires_confirmation=True)
    office.cast.acme.hold_seconds = 60
    office.cast.acme.save()
    office.wait_until_known(gateway, second_gateway)
    here, there = Client(gateway, office.token), Client(second_gateway, office.token)
    log = Log(office.cast.acme.id)
    running = slow_calls(upstream, here, there)
    undisturbed = Asking(lambda: globex.call("slow", {"ms": 4000, "text": "arrived"}))
    held = Asking(lambda: there.call("echo", {"text": "may I?"}))
    wait_for(lambda: PendingAction.objects.filter(state="waiting").exists())
    listener = ModernClient(second_gateway, office.token)
    body, message = listen(listener, {"toolsListChanged": True})
    with stream(listener, "POST", body, message) as response:
        assert (heard(response) or {})["method"].endswith("acknowledged")
        standing = stop(office, told="Payroll looks into it")
        last = heard(response)
        assert last is not None and STOPPED in last["error"]["message"]
    for call in running:
        assert STOPPED in call.text and "They say: Payroll looks into it." in call.text
        assert "Whether it carried out the call is not known" in call.text
    assert STOPPED in held.text and "ticket #1 and has not run" in held.text
    outcomes = log.events("call.outcome", wanted=2)
    assert [one["outcome"] for one in outcomes] == ["unknown", "unknown"], "never as if it had not run"
    assert all("Emergency stop of all calls of the organization Acme" in one["reason"] for one in outcomes)
    assert "Emergency stop" in log.events("call.refused")[0]["reason"]
    assert (undisturbed.text, says(globex)) == ("arrived", "hello"), "another organization goes on"
    action = PendingAction.objects.get()
    assert action.state == "waiting", "frozen, not lost"
    with pytest.raises(NotYours, match="freezes this ticket"):
        approve_action(action, actor=office.cast.actor(office.cast.bob))
    release(standing)
    approve_action(action, actor=office.cast.actor(office.cast.bob))
    wait_for(lambda: there.call("echo", {"text": "may I?"}).text == "may I?")


def test_it_holds_while_a_snapshot_takes_long_and_without_a_notification(office: Office, dana: Client) -> None:
    """Somebody locks the tools, so that nothing can be compiled; and the notification is lost."""
    assert says(dana) == "hello"
    with psycopg.connect(settings.DATABASE_URL) as other:
        other.execute("LOCK TABLE connectors_tool IN ACCESS EXCLUSIVE MODE")
        office.changed()
        Stop.objects.create(
            organization=office.cast.acme, kind="organization", label="Acme", reason="A rehearsal.", began_by_label="x"
        )
        connection.close()
        wait_for(lambda: STOPPED in says(dana))


def test_it_holds_without_redis_and_without_a_worker(
    office: Office, upstream: Upstream, start_gateway: Callable[..., Gateway]
) -> None:
    """No Celery worker runs in these stories at all."""
    alone = start_gateway(REDIS_URL="redis://127.0.0.1:9/0")
    client = Client(alone, office.token).until(200)
    [call] = slow_calls(upstream, client)
    one = stop(office)
    assert STOPPED in call.text
    release(one)
    until_it_runs(client)


def subjects(office: Office) -> dict[str, Subject]:
    return {
        "organization": EVERYTHING,
        "connector": Subject("connector", str(office.crm.pk), office.crm.name),
        "person": Subject("person", str(office.cast.dana.pk), office.cast.dana.email),
        "client_name": Subject("client_name", "by-hand", "by-hand"),
        "risk": Subject("risk", office.tools["echo"].risk, "Read-only"),
    }


def test_each_kind_stops_what_it_names_and_nothing_else(office: Office, dana: Client) -> None:
    others = {
        "connector": Subject("connector", str(office.work.pk), "Other"),
        "person": Subject("person", str(office.cast.bob.pk), "Bob"),
        "client_name": Subject("client_name", "by", "by"),
        "risk": Subject("risk", "dangerous" if office.tools["echo"].risk != "dangerous" else "moderate", "Other"),
        "agent": Subject("agent", str(office.cast.dana.pk), "No agent"),
        "client": Subject("client", "nobody's", "Nobody's"),
    }
    for subject in others.values():
        stop(office, subject)
    for kind, subject in subjects(office).items():
        one = stop(office, subject)
        wait_for(lambda: STOPPED in says(dana))
        assert dana.request("tools/list").result["tools"], f"{kind}: lists stay as they are"
        release(one)
        until_it_runs(dana)


def test_it_is_released_in_stages(office: Office, dana: Client) -> None:
    Tool.objects.filter(name="echo").update(risk_override="read_only")
    Tool.objects.filter(name="slow").update(risk_override="dangerous")
    office.wait_until_known(dana.gateway)
    one = stop(office)
    wait_for(lambda: STOPPED in says(dana))
    ease_stop(one, stage="read_only", reason="Reads are harmless.", actor=MACHINE)
    until_it_runs(dana)
    assert STOPPED in dana.call("slow", {"ms": 1, "text": "x"}).text
    ease_stop(one, stage="all", let_through=office.cast.sales, reason="Sales tries it.", actor=MACHINE)
    wait_for(lambda: STOPPED not in dana.call("slow", {"ms": 1, "text": "x"}).text)


def test_an_approved_call_is_not_taken_while_it_is_frozen(office: Office, dana: Client, upstream: Upstream) -> None:
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    office.cast.acme.hold_seconds = 1
    office.cast.acme.save()
    office.wait_until_known(dana.gateway)
    dana.call("echo", {"text": "later"})
    action = PendingAction.objects.get()
    approve_action(action, actor=office.cast.actor(office.cast.bob))
    one = stop(office, subjects(office)["connector"])
    known = len(upstream.calls)
    run_approved_action(str(action.pk))
    assert left_over(timedelta(0)) == [], "and it keeps no worker busy"
    assert (PendingAction.objects.get().state, len(upstream.calls)) == ("approved", known)
    release(one)
    assert left_over(timedelta(0)) == [action.pk]
    run_approved_action(str(action.pk))
    assert (PendingAction.objects.get().state, len(upstream.calls)) == ("done", known + 1)


def test_a_run_rests_before_its_next_call_and_after_an_approval(office: Office, upstream: Upstream) -> None:
    desk = Desk(office)
    desk.confirm("slow")
    workflow = desk.workflow(desk.step("find", "echo", text="a"), desk.step("send", "slow", text="b", ms=1))
    run = desk.start(workflow)
    connector = subjects(office)["connector"]
    one = stop(office, connector)
    work()
    assert (steps_of(run), now(run).state, upstream.calls) == ([], "waiting", [])
    release(one)
    make_due()
    work()
    assert steps_of(run) == [("find", "done"), ("send", "waiting")]
    desk.approve_all()
    one = stop(office, connector)
    make_due()
    work()
    assert (PendingAction.objects.get().state, len(upstream.calls)) == ("approved", 1)
    release(one)
    make_due()
    work()
    assert (now(run).state, len(upstream.calls)) == ("done", 2)


def make_due() -> None:
    """The time passes after which a run looks again."""
    WorkflowRun.objects.update(due_at=Now())


def test_an_agent_and_a_registered_client_are_known_by_their_tokens(office: Office) -> None:
    cast = office.cast
    agent = create_agent(cast.acme, "Nightly report", "", cast.dana, [cast.sales], actor=cast.actor(cast.alice))
    issue_agent_credential(agent, "cron", 30, actor=cast.actor(cast.alice))
    client = client_of(cast.acme)
    app, _ = connected_app(cast.dana, client, office.work)
    known = {one.token_id: one for one in bearers_in(cast.acme.pk).values()}
    of_agent = known[AccessToken.objects.get(agent=agent).pk]
    of_app = known[AccessToken.objects.get(device=app.device).pk]
    assert (of_agent.agent_id, of_agent.answered_by) == (agent.pk, cast.dana.pk)
    stops = Stops(lambda changed: None)

    def is_stopped(subject: Subject, principal: Principal) -> bool:
        one = stop(office, subject)
        stops.looked(standing_in([cast.acme.pk]))
        found = stops.on_stream(cast.acme.pk, principal, "anything")
        release(one)
        return found is not None

    assert is_stopped(of_agent_row(agent), of_agent) and not is_stopped(of_agent_row(agent), of_app)
    assert is_stopped(of_client(client), of_app) and not is_stopped(of_client(client), of_agent)
    person = subjects(office)["person"]
    assert is_stopped(person, of_agent) and is_stopped(person, of_app), "Dana answers for the agent"
