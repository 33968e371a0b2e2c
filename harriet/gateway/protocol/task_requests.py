"""The tasks extension of 2026-07-28 (SEP-2663): tasks/get, cancel and update of calls that wait for a person.

A client that declares the extension gets a task for a call that is held. Whoever asks for another's task, or for none,
hears the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec

from approvals.actions.read_task import TaskRead, read_task
from approvals.actions.withdraw_action import withdraw_action
from approvals.errors import TooLate
from approvals.held_call import Held
from approvals.lifecycle import State
from approvals.models import PendingAction
from audit.actor import SYSTEM, Actor
from harriet.gateway.content.results import COMPLETE, Fields
from harriet.gateway.errors import RpcRefusal, ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.view import grant_of
from harriet.gateway.processes.database import in_database
from harriet.gateway.protocol.messages import REQUEST_ID, Incoming
from harriet.gateway.protocol.requests import client_label
from harriet.gateway.protocol.result_meta import with_meta
from harriet.gateway.protocol.visit import Visit
from harriet.gateway.steps.answer import error_result
from harriet.gateway.steps.approved import KEPT_RPC_ERROR
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.task import UNDER_WAY, action_of, task_fields, task_id
from harriet.gateway.steps.ticket import collected_elsewhere, lapsed_words, refusal_of
from harriet.lib.mcp.error_codes import INTERNAL_ERROR, INVALID_PARAMS, MISSING_CAPABILITY
from harriet.lib.mcp.meta import CLIENT_CAPABILITIES_KEY, CLIENT_INFO_KEY, RELATED_TASK_KEY, TASKS_EXTENSION
from harriet.lib.mcp.methods import TASKS_CANCEL, TASKS_GET, TASKS_UPDATE

_NOT_DECLARED = (
    f"Tasks are for clients that declare the extension {TASKS_EXTENSION} in each request's clientCapabilities."
)
_UNKNOWN = "There is no such task for you in this profile. A task is known to the client and profile it was given to."
_NOT_YOURS = "The call ran, and you may no longer use this tool in this profile, so its result is not given to you."
_STAYS = "Its task stays as it is."
_MEMBERS = msgspec.json.Decoder(Fields).decode


def client_of(meta: dict[str, Any]) -> str:
    """What the client calls itself: a label, never believed."""
    info = meta.get(CLIENT_INFO_KEY)
    if not isinstance(info, dict):
        return ""
    return client_label(f"{info.get('title') or info.get('name') or ''} {info.get('version') or ''}".strip())


def takes_tasks(meta: dict[str, Any]) -> bool:
    """Whether the request's client goes on with tasks: each request says so anew."""
    declared = meta.get(CLIENT_CAPABILITIES_KEY)
    extensions = declared.get("extensions") if isinstance(declared, dict) else None
    return isinstance(extensions, dict) and isinstance(extensions.get(TASKS_EXTENSION), dict)


async def task_result(visit: Visit, message: Incoming) -> dict[str, Any]:
    """Raises RpcRefusal."""
    if not takes_tasks(message.meta):
        needed: dict[str, Any] = {"requiredCapabilities": {"extensions": {TASKS_EXTENSION: {}}}}
        raise RpcRefusal(MISSING_CAPABILITY, _NOT_DECLARED, error_data=needed)
    named = message.params.get("taskId")
    action_id = action_of(named, visit.snapshot, visit.principal, visit.profile)
    if action_id is None:
        raise _unknown()
    return await TASKS[message.method](visit, message, action_id)


async def _get(visit: Visit, message: Incoming, action_id: UUID) -> dict[str, Any]:
    found = await detailed_task(visit, action_id, client_of(message.meta))
    if found is None:
        raise _unknown()
    return found


async def _cancel(visit: Visit, message: Incoming, action_id: UUID) -> dict[str, Any]:
    """Takes back a call that waits. One that runs can't be, and its state goes on saying so."""
    if not await in_database(_withdraw, action_id, visit.principal.actor):
        raise _unknown()
    return {}


async def _update(visit: Visit, message: Incoming, action_id: UUID) -> dict[str, Any]:
    """A task of ours never asks, so there is nothing that the answers could be to."""
    if not isinstance(message.params.get("inputResponses"), dict):
        raise RpcRefusal(INVALID_PARAMS, "tasks/update has inputResponses, an object with an answer for each key.")
    if not await in_database(_is_there, action_id):
        raise _unknown()
    return {}


TASKS: dict[str, Callable[[Visit, Incoming, UUID], Awaitable[dict[str, Any]]]] = {
    TASKS_GET: _get,
    TASKS_CANCEL: _cancel,
    TASKS_UPDATE: _update,
}


def _unknown() -> RpcRefusal:
    return RpcRefusal(INVALID_PARAMS, _UNKNOWN)


def _is_there(action_id: UUID) -> bool:
    return PendingAction.objects.filter(pk=action_id).exists()


def _withdraw(action_id: UUID, actor: Actor) -> bool:
    """False when there is no such call any more. One that was decided on stays as it is."""
    related = PendingAction.objects.select_related("ticket", "connector", "tool", "user")
    action = related.filter(pk=action_id).first()
    if action is None:
        return False
    with suppress(TooLate):
        withdraw_action(action, actor=actor)
    return True


async def detailed_task(visit: Visit, action_id: UUID, client: str) -> dict[str, Any] | None:
    """The task with what came of it, for the client that calls itself so; None when the tool was deleted, and the row
    with it. Raises Stopped: while an emergency stop stands nothing is given out, as for the same call repeated."""
    grant = await in_database(_grant_of, action_id, visit)
    if grant is not None:
        visit.runtime.stops.check(_as_call(visit, client), grant, _STAYS)
    may_have = grant is not None
    found = await in_database(read_task, action_id, with_result=may_have, actor=SYSTEM)
    if found is None:
        return None
    named = task_id(action_id, visit.snapshot, visit.principal, visit.profile)
    return {**task_fields(found.held, named), **_outcome(found, may_have=may_have)}


def _grant_of(action_id: UUID, visit: Visit) -> Grant | None:
    """As for the same call repeated: whoever may no longer use the tool gets nothing of it."""
    tool_id = PendingAction.objects.filter(pk=action_id).values_list("tool_id", flat=True).first()
    return grant_of(visit.view(), tool_id) if tool_id is not None else None


def _as_call(visit: Visit, client: str) -> Call:
    """Who asks, for what judges by that."""
    return Call(visit.snapshot, visit.principal, visit.profile, name="", arguments=b"{}", values={}, client=client)


def _outcome(found: TaskRead, *, may_have: bool) -> dict[str, Any]:
    """The members that this status has beside the others."""
    held = found.held
    if held.state in UNDER_WAY or held.state in (State.WITHDRAWN, State.ENDED):
        return {}
    if held.state == State.UNKNOWN:
        return {"status": "failed", "error": {"code": INTERNAL_ERROR, "message": refusal_of(held)}}
    fields = _MEMBERS(found.result) if found.result is not None else _told(held, may_have=may_have)
    error = fields.pop(KEPT_RPC_ERROR, None)
    if error is not None:
        return {"status": "failed", "error": error}
    return {"status": "completed", "result": _completed(fields, held)}


def _completed(fields: Fields, held: Held) -> msgspec.Raw:
    """As the call itself would have answered."""
    fields["resultType"] = COMPLETE
    result = msgspec.json.decode(with_meta(fields, {REQUEST_ID: held.request_id}), type=Fields)
    meta = msgspec.json.decode(result["_meta"], type=dict[str, msgspec.Raw])
    meta.pop(RELATED_TASK_KEY, None)  # the earlier revision's: the task stands around it
    return msgspec.Raw(msgspec.json.encode({**result, "_meta": meta}))


def _told(held: Held, *, may_have: bool) -> Fields:
    """Instead of a result that there is not."""
    if held.state in (State.DONE, State.COLLECTED):
        words = collected_elsewhere(held) if may_have else _NOT_YOURS
    elif held.state == State.LAPSED:
        words = lapsed_words(held)
    else:
        words = refusal_of(held)
    return error_result(ToolRefusal(words))
