"""Two hundred approved calls and sixteen takers that race for each (a thousand and sixty-four in `make approvals`): the
server is called once for each call."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now

from approvals.actions.hold_action import hold_action
from approvals.models import PendingAction
from connectors.models import Tool
from harriet.gateway.call import run_call
from harriet.gateway.errors import GatewayError
from harriet.gateway.policy.snapshot import Snapshot, view_of
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.approved import run_approved
from harriet.gateway.steps.bound import bound_to, held_call_of
from harriet.gateway.steps.request import Call
from tests.campaigns import count
from tests.stage.facts import snapshot_of
from tests.stage.office import Office
from tests.stage.processes import Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

APPROVALS = count(each_day=200, whole=1000)
TAKERS = count(each_day=16, whole=64)


def call_of(snapshot: Snapshot, number: int) -> Call:
    arguments = json.dumps({"text": f"number {number}"}).encode()
    return Call(
        snapshot=snapshot,
        principal=next(iter(snapshot.callers.known().values())),
        profile=snapshot.profiles["work"],
        name="echo",
        arguments=arguments,
        values=json.loads(arguments),
    )


def approved_calls(snapshot: Snapshot) -> dict[UUID, int]:
    """Held by the real gate, approved by a row update: who may approve is another story."""
    found = {}
    for number in range(APPROVALS):
        call = call_of(snapshot, number)
        grant = view_of(snapshot, call.principal, call.profile).grants["echo"]
        asked = held_call_of(call, grant)
        found[hold_action(asked, actor=asked.asker).action_id] = number
        PendingAction.objects.update(state=PendingAction.State.APPROVED, decided_at=Now())  # or too many would wait
    return found


async def take_all(snapshot: Snapshot, actions: dict[UUID, int], tool_id: UUID, start: threading.Barrier) -> int:
    """One taker: at each call it waits for the others, so that all go for the same row at once."""
    runtime = Runtime()
    run = partial(run_call, runtime=runtime)
    await runtime.audit.start()
    ran = 0
    try:
        for action_id, number in actions.items():
            start.wait(60)
            call = call_of(snapshot, number)
            grant = view_of(snapshot, call.principal, call.profile).grants["echo"]
            with suppress(GatewayError):
                agreed = bound_to(call, grant)
                ran += (
                    await run_approved(action_id, agreed, call, tool_id, run, runtime.running.keep, runtime.stops)
                    is not None
                )
    finally:
        await runtime.stop()
    return ran


def test_each_approved_call_leaves_exactly_once(office: Office, upstream: Upstream) -> None:
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    snapshot = snapshot_of(office.cast.acme.id, office.token)
    actions = approved_calls(snapshot)
    with ThreadPoolExecutor(TAKERS) as pool:
        start, tool_id = threading.Barrier(TAKERS), office.tool_id("echo")
        taken = [pool.submit(asyncio.run, take_all(snapshot, actions, tool_id, start)) for _ in range(TAKERS)]
        assert sum(one.result() for one in taken) == APPROVALS
    sent = [entry["message"]["params"]["arguments"]["text"] for entry in upstream.calls]
    assert sorted(sent) == sorted(f"number {number}" for number in range(APPROVALS))
    assert set(PendingAction.objects.values_list("state", flat=True)) == {PendingAction.State.DONE}
    connection.close()
