"""Composing an event: the body, its MAC and the columns that repeat it. Runs twice per governed call: kept cheap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload
from uuid import UUID

import orjson

from audit.actor import Actor, Label
from audit.context import request_id as current_request_id
from audit.errors import NotRecordable
from audit.events import IntentDetails, OutcomeDetails
from audit.vocabulary.declaration import AuditEvent
from harriet.lib.ids import new_id
from harriet.lib.keyfile import derive

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

_BLOCK = 64
"""Bytes that SHA-256 takes at a time, to which a shorter key is filled up."""
_FORM = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
_COLUMN_LENGTH = 12
"""Characters of the columns decision and outcome."""


class NewEvent(NamedTuple):
    """A row of audit_event that isn't stored yet. Its fields are the columns that are written, in this order."""

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
    inner_keyed, outer_keyed = _keyed()
    inner, outer = inner_keyed.copy(), outer_keyed.copy()
    inner.update(body)
    outer.update(inner.digest())
    return outer.digest()


@cache
def _keyed() -> tuple[HASH, HASH]:
    """HMAC's two hashes (RFC 2104), keyed once per process and copied for each event: the library's own object costs
    more than twice as much to copy as both."""
    key = derive("audit", "event-mac/v1").ljust(_BLOCK, b"\0")
    return sha256(bytes(one ^ 0x36 for one in key)), sha256(bytes(one ^ 0x5C for one in key))


class Frame:
    """What is the same in all events about one caller and one thing: written once, used for many.

    An event's body has its members in the order of their names, without spaces; empty ones are left out. What counts
    afterwards is the stored text, byte by byte.
    """

    __slots__ = ("_actor", "_client", "_columns", "_connector", "_device", "_organization", "_person", "_tool")

    def __init__(
        self,
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
        token_hint: str = "",
    ) -> None:
        """Without `person`, an actor who is a person counts as the person it happened to be."""
        person_id = person.id if person is not None else (actor.id if actor.kind == "person" else None)
        self._columns = (organization_id, person_id, connector and connector.id, tool and tool.id)
        self._actor = b'{"actor":' + _json({"kind": actor.kind, "id": actor.id, "label": actor.label}) + b',"at":'
        self._client = _member("client", client) + b',"code":'
        self._connector = _labelled("connector", connector)
        self._device = _labelled("device", device) + b',"id":'
        self._organization = b',"organization":' + _json(organization_id)
        self._person = _labelled("person", person) + _labelled("profile", profile)
        self._tool = _labelled("ticket", ticket) + _member("token_hint", token_hint) + _labelled("tool", tool) + b"}"

    @overload
    def event(
        self,
        code: Literal["call.intent"],
        details: IntentDetails,
        *,
        decision: str,
        reason: str,
        request_id: UUID | None = None,
    ) -> NewEvent: ...

    @overload
    def event(
        self,
        code: Literal["call.outcome"],
        details: OutcomeDetails,
        *,
        outcome: str,
        reason: str,
        request_id: UUID | None = None,
    ) -> NewEvent: ...

    def event(
        self,
        code: str,
        details: Mapping[str, Any],
        *,
        decision: str = "",
        reason: str = "",
        outcome: str = "",
        request_id: UUID | None = None,
    ) -> NewEvent:
        """What an event holds is checked where it is declared, not here: this runs twice a call.

        Raises NotRecordable for values that JSON has no form for (a Secret is one of them).
        """
        if len(decision) > _COLUMN_LENGTH or len(outcome) > _COLUMN_LENGTH:
            raise NotRecordable(f"Decision and outcome are words of at most {_COLUMN_LENGTH} characters.")
        event_id, request = new_id(), request_id or current_request_id()
        parts = (
            *(self._actor, _json(datetime.now(UTC)), self._client, _text(code), self._connector),
            *(_word("decision", decision), _member("details", details, code), self._device, _json(event_id)),
            *(self._organization, _word("outcome", outcome), self._person, _word("reason", reason)),
            *(b',"request":', _json(request), self._tool),
        )
        body = b"".join(parts)
        organization_id, person_id, connector_id, tool_id = self._columns
        columns = (organization_id, request, code, person_id, connector_id, tool_id, decision, outcome)
        return NewEvent(event_id, *columns, body, mac_of(body))


def compose(happened: AuditEvent, *, organization_id: UUID, actor: Actor, request_id: UUID | None = None) -> NewEvent:
    """One event with a frame of its own, ready for `record` or AuditWriter. Raises NotRecordable."""
    frame = Frame(organization_id=organization_id, actor=actor, **happened.frame())
    event: Callable[..., NewEvent] = frame.event
    return event(happened.code, happened.details(), **happened.words(), request_id=request_id)


def _member(name: str, value: Any, code: str = "") -> bytes:
    return b',"%b":%b' % (name.encode(), _json(value, code)) if value else b""


@lru_cache(maxsize=1024)
def _word(name: str, value: str) -> bytes:
    """The same few words stand in most events."""
    return _member(name, value)


@lru_cache(maxsize=256)
def _text(code: str) -> bytes:
    return _json(code)


def _labelled(name: str, label: Label | None) -> bytes:
    return _member(name, {"id": label.id, "label": label.label}) if label is not None else b""


def _json(value: Any, code: str = "") -> bytes:
    try:
        return orjson.dumps(value, option=_FORM)
    except (TypeError, ValueError):
        # The original message could quote the value.
        event = f"The event {code}" if code else "An event"
        raise NotRecordable(f"{event} holds a value that can't be written as JSON.") from None
