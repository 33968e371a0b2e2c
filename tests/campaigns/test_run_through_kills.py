"""Runs of a workflow with six steps, two approvals and a reply, while worker, watching worker, beat and web are killed
at random points: each run completes, and the server saw no step twice.

People look after the runs here, as they would: they approve, reply, and of a call whose outcome nobody knows they look
at the server, and say whether it was carried out.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from approvals.actions.reply_to_run import reply_to_run
from approvals.actions.retry_step import retry_step
from approvals.actions.settle_step import settle_step
from approvals.models import RunStep, WorkflowRun
from audit.chain.sealing import seal_everything
from audit.models import Event
from audit.unfinished_calls import close_unfinished_calls
from audit.verification.verify import verify
from connectors.models import Tool
from harriet.start import processes
from harriet.start.program import Program
from tests.campaigns import count
from tests.stage.cast import Cast
from tests.stage.events import unfinished_intents_of
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.workflows import Desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

RUNS = count(4, 200)
KILLS = count(4, 60)
"""Of workers; each time one of the others goes with it."""
PATIENCE = count(240, 3600)
"""Seconds."""


class Crew:
    """The processes of an installation, each of which can be killed and comes again."""

    def __init__(self, logs: Path) -> None:
        made = {"worker": processes.worker({}), "watcher": processes.watcher({}), "beat": processes.beat({})}
        self.programs: dict[str, Program] = {
            name: replace(program, log=logs / f"{name}.log") for name, program in made.items()
        }
        self.running: dict[str, Popen[bytes]] = {name: program.spawn() for name, program in self.programs.items()}
        self.gateway = Gateway(log=logs / "gateway.log")

    def kill(self, name: str) -> None:
        """SIGKILL to all of its processes, and a new one."""
        if name == "web":
            self.gateway.stop(signal.SIGKILL)
            self.gateway.child = self.gateway._spawn()
            return
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()
        self.running[name] = self.programs[name].spawn()

    def stop(self) -> None:
        for child in self.running.values():
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self.gateway.stop()


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    process = Upstream(log=tmp_path / "upstream.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def desk(committed_cast: Cast, upstream: Upstream) -> Desk:
    return Desk(Office(committed_cast, upstream.mcp, era="legacy"))


@pytest.fixture
def crew(desk: Desk, tmp_path: Path) -> Iterator[Crew]:
    started = Crew(tmp_path)
    yield started
    started.stop()


def test_each_run_completes_once(desk: Desk, crew: Crew, upstream: Upstream, settings: LazySettings) -> None:
    chance = random.Random(seed := random.SystemRandom().randrange(2**32))
    print(f"seed {seed}")
    Tool.objects.filter(pk=desk.office.tool_id("slow")).update(requires_confirmation=True)
    desk.office.changed()
    runs = [desk.start(workflow, number=str(number)) for workflow in [six_steps(desk)] for number in range(RUNS)]
    said = Counter[str]()
    kills, end = 0, time.monotonic() + PATIENCE
    while WorkflowRun.objects.exclude(state="done").exists():
        assert time.monotonic() < end, f"waited in vain (seed {seed}): {standing()}"
        if kills < KILLS and wait_for_a_call(chance):
            crew.kill("worker")
            crew.kill(chance.choice(["watcher", "beat", "web"]))
            pass_time()
            kills += 1
        look_after(desk, upstream, said)
        time.sleep(0.1)

    print(f"{RUNS} runs, {kills} kills of workers; a person said {dict(said)}")
    seen = Counter(text_of(call) for call in upstream.calls)
    for run in runs:
        assert {name: seen[f"{run.ticket.number} {name}"] for name in ("charge", "send")} == {"charge": 1, "send": 1}
        assert seen[f"find {run.ticket.number}"] >= 1
    settings.MCP_DEADLINE_SECONDS = -120  # every call has ended: the sweep need not wait for the longest one
    close_unfinished_calls()
    assert not unfinished_intents_of(desk.cast.acme.id)
    asked = list(RunStep.objects.filter(kind="call").values_list("pk", flat=True))
    events = Counter(Event.objects.filter(request_id__in=asked).values_list("code", flat=True))
    assert events["call.intent"] == events["call.outcome"] >= 3 * RUNS
    assert events["call.held"] == events["action.approved"] >= 2 * RUNS
    assert Event.objects.filter(code="run.finished").count() == RUNS
    seal_everything()
    assert verify(desk.cast.acme.id).is_sound


def six_steps(desk: Desk) -> Any:
    return desk.workflow(
        desk.step("find", "echo", text="find {{ run.ticket }}"),
        {"name": "ask", "kind": "reply", "question": "Charge {{ steps.find.text }}?"},
        desk.step("charge", "slow", text="{{ run.ticket }} charge", ms=300),
        {"name": "pause", "kind": "until", "until": "1 second"},
        {"name": "enough", "kind": "stop", "condition": "steps.ask.reply != 'yes'"},
        desk.step("send", "slow", text="{{ run.ticket }} send", ms=300),
        inputs=[{"name": "number", "label": "Number", "type": "number", "required": True}],
    )


def wait_for_a_call(chance: random.Random) -> bool:
    """For some moment while a worker makes a call, or between two; False when nothing has begun yet."""
    at_work = RunStep.objects.filter(kind="call", state__in=["running", "sending"])
    end = time.monotonic() + 0.5
    while not at_work.exists():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    time.sleep(chance.uniform(0, 0.4))
    return True


def pass_time() -> None:
    """What was killed is given up as soon as its silence has lasted; here it has."""
    silent = WorkflowRun.objects.filter(lease__isnull=False)
    silent.update(heartbeat_at=Now() - timedelta(minutes=1))


def look_after(desk: Desk, upstream: Upstream, said: Counter[str]) -> None:
    desk.approve_all()
    related = WorkflowRun.objects.select_related("ticket", "user", "organization")
    for run in related.filter(state="waiting", attempts__kind="reply", attempts__state="waiting"):
        reply_to_run(run, "yes", actor=desk.cast.actor(desk.cast.alice))
    dana = desk.cast.actor(desk.cast.dana)
    for run in related.filter(state="unknown"):
        step = RunStep.objects.filter(run=run, position=run.cursor).latest("attempt")
        if any(text_of(call) == f"{run.ticket.number} {step.name}" for call in upstream.calls):
            settle_step(run, actor=dana)
            said["it had run"] += 1
        else:
            retry_step(run, has_not_run=True, actor=dana)
            said["it had not run"] += 1
    for run in related.filter(state="failed"):
        raise AssertionError(f"{run.ticket}: {run.reason}")


def text_of(call: dict[str, Any]) -> str:
    return str(call["message"]["params"]["arguments"]["text"])


def standing() -> Any:
    steps = RunStep.objects.exclude(state="done").values_list("run__ticket__number", "name", "state", "reason")
    return list(WorkflowRun.objects.values_list("ticket__number", "state", "cursor", "reason")), list(steps)
