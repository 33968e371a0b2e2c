"""Something fails in Harriet itself in the middle of a call: client and log are told what is known of the call."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.models import Event
from connectors.access.pinned import Pinned
from connectors.models import CallLimit, Tool, ToolPermission
from harriet.gateway.call import governed_call, run_call
from harriet.gateway.errors import Stopped, ToolRefusal
from harriet.gateway.processes.database import in_database
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.authorize import authorize
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.schema import INPUT
from harriet.gateway.try_it import _Attempt, _call
from harriet.lib.ids import new_id
from harriet.people.actors import actor_of
from harriet.people.models import Membership
from harriet.people.stop_rules import StandingStop
from tests.stage.connectors import tools
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Upstream

pytestmark = pytest.mark.django_db(transaction=True)

PROMISING = {"name": "say_promising", "inputSchema": {}, "outputSchema": {"type": "object"}}
RESULT = {"result": json.dumps({"content": [], "structuredContent": {"v": 1}})}


@pytest.fixture
def promising(office: Office) -> Any:
    made = tools(office.crm, office.cast.sales, [PROMISING])["say_promising"]
    ToolPermission.objects.create(tool=made, role="owner")
    office.changed()
    return made.id


async def call_while_schemas_end(office: Office, tool_id: Any) -> str:
    """Alice's call in a process that has stopped compiling schemas, as at its end; what she is told."""
    runtime = Runtime()
    try:
        snapshot = await runtime.start_for(office.cast.acme.id)
        assert snapshot is not None
        raw = json.dumps(RESULT).encode()
        attempt = _Attempt(office.cast.acme.id, office.crm.id, tool_id, actor_of(office.cast.alice), raw, RESULT)
        call: Call = (await in_database(_call, attempt, snapshot))[0]
        await runtime.schemas.checker(Pinned(b"other", b"{}"), INPUT)
        runtime.schemas.close()
        with pytest.raises(ToolRefusal) as told:
            await governed_call(call, runtime)
        return told.value.message
    finally:
        await runtime.stop()


async def run_while_stopped(office: Office) -> None:
    """An emergency stop came after Alice's call had been let through, and before it left."""
    runtime = Runtime()
    try:
        snapshot = await runtime.start_for(office.cast.acme.id)
        assert snapshot is not None
        tool_id, actor = office.tool_id("echo"), actor_of(office.cast.alice)
        attempt = _Attempt(office.cast.acme.id, office.crm.id, tool_id, actor, b"{}", {})
        call: Call = (await in_database(_call, attempt, snapshot))[0]
        grant = authorize(call)
        when = datetime.now(UTC)
        nobody = StandingStop(new_id(), office.cast.acme.id, "organization", "", "Acme", "", "all", None, when)
        runtime.stops.looked([nobody])
        with pytest.raises(Stopped):
            await run_call(call, grant, runtime)
        assert not runtime.stops._under_way
    finally:
        await runtime.stop()


def test_a_call_that_a_stop_meets_on_its_way_out_is_in_the_log_as_refused(office: Office, upstream: Upstream) -> None:
    ToolPermission.objects.create(tool=office.tools["echo"], role="owner")
    log = Log(office.cast.acme.id)
    asyncio.run(run_while_stopped(office))
    (refused,) = log.events("call.refused")
    assert refused["reason"].startswith("Emergency stop of all calls of the organization Acme.")
    assert upstream.calls == []


async def held_for_nobody(office: Office) -> bool:
    """Alice leaves in the moment in which her call would go on a ticket; whether it counts as standing on one."""
    runtime = Runtime()
    try:
        snapshot = await runtime.start_for(office.cast.acme.id)
        assert snapshot is not None
        tool_id, actor = office.tool_id("echo"), actor_of(office.cast.alice)
        attempt = _Attempt(office.cast.acme.id, office.crm.id, tool_id, actor, b"{}", {})
        call: Call = (await in_database(_call, attempt, snapshot))[0]
        await in_database(Membership.objects.filter(user=office.cast.alice).update, is_active=False)
        with pytest.raises(ToolRefusal, match="was not put on a ticket"):
            await governed_call(call, runtime)
        return runtime.limits.check(call, authorize(call)) is not None
    finally:
        await runtime.stop()


def test_a_call_that_could_not_be_put_on_a_ticket_stands_on_none(office: Office) -> None:
    ToolPermission.objects.create(tool=office.tools["echo"], role="owner")
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    CallLimit.objects.create(organization=office.cast.acme, kind="person", per_day=1000)
    assert not asyncio.run(held_for_nobody(office))


def test_after_the_answer_came_it_is_said_that_the_call_ran(office: Office, upstream: Upstream, promising: Any) -> None:
    told = asyncio.run(call_while_schemas_end(office, promising))
    assert told == (
        "Something went wrong in Harriet. The server had answered: the call was carried out, so look before you "
        "repeat it."
    )
    bodies = [json.loads(event.body) for event in Event.objects.filter(code="call.outcome")]
    (body,) = [body for body in bodies if body["tool"]["label"] == PROMISING["name"]]  # others end late elsewhere
    assert (body["outcome"], body["reason"]) == ("error", told)
    assert len(upstream.calls) == 1
