"""Something fails in Harriet itself in the middle of a call: client and log are told what is known of the call."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from audit.models import Event
from connectors.access.pinned import Pinned
from connectors.models import ToolPermission
from harriet.gateway.call import governed_call
from harriet.gateway.errors import ToolRefusal
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.schema import INPUT
from harriet.gateway.try_it import _Attempt, _call
from harriet.people.actors import actor_of
from tests.stage.connectors import tools
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
        call: Call = _call(attempt, snapshot)[0]
        await runtime.schemas.checker(Pinned(b"other", b"{}"), INPUT)
        runtime.schemas.close()
        with pytest.raises(ToolRefusal) as told:
            await governed_call(call, runtime)
        return told.value.message
    finally:
        await runtime.stop()


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
