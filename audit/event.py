"""Composing an event: the body, its MAC and the columns that repeat it. Runs twice per governed call: kept cheap."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from audit.actor import Actor, Label
from audit.context import request_id as current_request_id
from audit.errors import NotRecordable
from harriet.lib.ids import new_id
from harriet.lib.keyfile import derive

_FORM = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
_COLUMN_LENGTH = 12


class NewEvent(NamedTuple):
    """A row of audit_event that isn't stored yet; the fields are in the order of audit.writer's columns."""

    id: UUID
    organization_id: UUID
    request_id: UUID
    code: str
    person_id: UUID | None
    connector_id: UUID | None
    tool_id: UUID | None
    decision: str
    outcome: str
    body: bytes
    mac: bytes


def mac_of(body: bytes) -> bytes:
    """HMAC-SHA256 under a key that is not in the database: who can write rows still can't write events."""
    mac = _keyed().copy()
    mac.update(body)
    return mac.digest()


@cache
def _keyed() -> hmac.HMAC:
    """Keyed once per process and copied for each event: a third cheaper than keying anew."""
    return hmac.new(derive("audit", "event-mac/v1"), digestmod="sha256")


def compose(
    code: str,
    *,
    organization_id: UUID,
    actor: Actor,
    person: Label | None = None,
    device: Label | None = None,
    client: str = "",
    connector: Label | None = None,
    tool: Label | None = None,
    profile: Label | None = None,
    ticket: Label | None = None,
    decision: str = "",
    reason: str = "",
    outcome: str = "",
    request_id: UUID | None = None,
    **details: Any,
) -> NewEvent:
    """The event, ready for `record` or AuditWriter. Absent fields are left out of the body.

    Without `person`, an actor who is a person counts as the person it happened to be.
    Raises NotRecordable for values that JSON has no form for (a Secret is one of them).
    """
    event_id, request = new_id(), request_id or current_request_id()
    person_id = person.id if person is not None else (actor.id if actor.kind == "person" else None)
    body: dict[str, Any] = {
        "id": event_id,
        "organization": organization_id,
        "request": request,
        "code": code,
        "at": datetime.now(UTC),
        "actor": {"kind": actor.kind, "id": actor.id, "label": actor.label},
        "person": person and _labelled(person),
        "device": device and _labelled(device),
        "connector": connector and _labelled(connector),
        "tool": tool and _labelled(tool),
        "profile": profile and _labelled(profile),
        "ticket": ticket and _labelled(ticket),
        "client": client,
        "decision": decision,
        "reason": reason,
        "outcome": outcome,
        "details": details,
    }
    if len(decision) > _COLUMN_LENGTH or len(outcome) > _COLUMN_LENGTH:
        raise NotRecordable(f"Decision and outcome are words of at most {_COLUMN_LENGTH} characters.")
    raw = _bytes(body)
    return NewEvent(
        event_id,
        organization_id,
        request,
        code,
        person_id,
        connector.id if connector is not None else None,
        tool.id if tool is not None else None,
        decision,
        outcome,
        raw,
        mac_of(raw),
    )


def _labelled(label: Label) -> dict[str, Any]:
    return {"id": label[0], "label": label[1]}


def _bytes(body: dict[str, Any]) -> bytes:
    """Our own canonical form: sorted keys, no spaces. What counts afterwards is the stored text, byte by byte."""
    try:
        return orjson.dumps({name: value for name, value in body.items() if value}, option=_FORM)
    except (TypeError, ValueError):
        # The original message could quote the value.
        raise NotRecordable(f"The event {body['code']} holds a value that can't be written as JSON.") from None
