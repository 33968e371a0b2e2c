"""A held call as a task (`io.modelcontextprotocol/tasks`, SEP-2663): the row that waits for a person is the task.

Its id says which row, to whoever it was given to: it carries a MAC over the row, the organization, the token and the
profile, so that nobody else's id opens it and none can be guessed.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from approvals.held_call import Held
from approvals.lifecycle import State
from connectors.access.facts import ProfileRow
from harriet.gateway.content.blocks import raw
from harriet.gateway.content.results import TASK, Fields
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.ticket import at, link_to, so_far
from harriet.lib import base64url
from harriet.lib.keyfile import derive

UNDER_WAY = frozenset({State.WAITING, State.APPROVED, State.EXECUTING})
"""The states of a call that has not ended."""
_PURPOSE = "harriet/task-id/v1"
"""Of the key: with another, every id given before would be unknown."""
_ID_BYTES, _MAC_BYTES = 16, 16
_LOOK_SECONDS = {State.WAITING: 5, State.APPROVED: 1, State.EXECUTING: 1}
"""Between two looks, as its client is told."""


def task_id(action_id: UUID, snapshot: Snapshot, principal: Principal, profile: ProfileRow) -> str:
    """The same for the same call of the same caller."""
    return base64url.encode(action_id.bytes + _mac(action_id.bytes, snapshot, principal, profile))


def action_of(named: Any, snapshot: Snapshot, principal: Principal, profile: ProfileRow) -> UUID | None:
    """The call that a task's id names to this caller; None for any other's, and for what is no id."""
    try:
        whole = base64url.decode(named) if isinstance(named, str) and len(named) <= 64 else b""
    except ValueError:
        return None
    known, mac = whole[:_ID_BYTES], whole[_ID_BYTES:]
    if len(known) != _ID_BYTES or not hmac.compare_digest(mac, _mac(known, snapshot, principal, profile)):
        return None
    return UUID(bytes=known)


def _mac(action: bytes, snapshot: Snapshot, principal: Principal, profile: ProfileRow) -> bytes:
    bound = snapshot.facts.id.bytes + principal.token_id.bytes + profile.id.bytes
    return hmac.digest(derive("vault", _PURPOSE), action + bound, sha256)[:_MAC_BYTES]


def created_task(held: Held, call: Call) -> Fields:
    """The answer to the call, once its row is there to be asked for."""
    task = task_fields(held, task_id(held.action_id, call.snapshot, call.principal, call.profile))
    return {"resultType": TASK, **{name: raw(value) for name, value in task.items()}}


def task_fields(held: Held, named: str) -> dict[str, Any]:
    """What every answer about a task has."""
    kept = held.collect_until - held.asked_at
    return {
        "taskId": named,
        "status": status_of(held),
        "statusMessage": _message(held),
        "createdAt": _iso(held.asked_at),
        "lastUpdatedAt": _iso(held.changed_at),
        "ttlMs": int(kept.total_seconds() * 1000),
        "pollIntervalMs": 1000 * _LOOK_SECONDS.get(State(held.state), 1),
    }


def status_of(held: Held) -> str:
    """In the extension's words. A call that was rejected or came too late has a result: the tool's error, which its
    model reads like any other. `failed` is what the protocol has for errors that are no tool's."""
    if held.state in UNDER_WAY:
        return "working"
    if held.state in (State.WITHDRAWN, State.ENDED):
        return "cancelled"
    return "failed" if held.state == State.UNKNOWN else "completed"


def _message(held: Held) -> str:
    if held.state == State.WAITING:
        return f"{so_far(held)} Who may decide does so at {link_to(held)}, until {at(held.expires_at)}."
    if held.state in UNDER_WAY:
        return f"{so_far(held)} It can't be taken back any more."
    return f"{State(held.state).label} (ticket #{held.ticket_number})."


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
