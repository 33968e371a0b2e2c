"""One stored event against itself: its MAC, and its columns against the body that the MAC covers."""

from __future__ import annotations

import hmac
from typing import NamedTuple

import msgspec

from audit.event_body import mac_of


class StoredEvent(NamedTuple):
    """A row of audit_event. Ids are text, as they stand in the body: that spares making UUIDs of them."""

    id: str
    organization_id: str
    request_id: str
    code: str
    person_id: str | None
    connector_id: str | None
    tool_id: str | None
    decision: str
    outcome: str
    body: str
    mac: bytes
    recorded_at: int
    """Microseconds since 1970; 0 for a time that isn't finite."""


NAMES = StoredEvent._fields[: StoredEvent._fields.index("body")]
"""The columns that repeat the body."""
_REPEATED = len(NAMES)
_IDS = {name for name in NAMES if name == "id" or name.endswith("_id")}
MICROSECONDS = "CASE WHEN isfinite({0}) THEN (extract(epoch FROM {0}) * 1000000)::bigint ELSE 0 END"
COLUMNS = ", ".join(
    [f"{name}::text" if name in _IDS else name for name in NAMES] + ["body", "mac", MICROSECONDS.format("recorded_at")]
)
"""What to select for a StoredEvent."""


REPEATED = f"concat({', chr(10), '.join(NAMES)})"
"""The columns that repeat the body, as one text with a line each: to read millions, that is a third cheaper."""


def complaint(event: StoredEvent, organization: str) -> str:
    """What is wrong with the event, to be read after "the event …"; empty when it is as it was recorded."""
    repeated = "\n".join([str(value or "") for value in event[:_REPEATED]])
    return complaint_about(repeated, event.body.encode(), event.mac, organization)


def complaint_about(repeated: str, body: bytes, mac: bytes, organization: str) -> str:
    """The same of what REPEATED reads. Nothing that Harriet repeats has two lines, so no two rows read alike."""
    if not hmac.compare_digest(mac_of(body), mac):
        return "was not written by Harriet, or has been changed: its MAC doesn't fit its body"
    read = _read(body)
    told = _repeated(read)
    if told != repeated:
        pairs = zip(NAMES, told.split("\n"), repeated.split("\n"), strict=False)
        return f"has been changed: {', '.join(name for name, a, b in pairs if a != b)} is not what its body says"
    if read.organization != organization:
        return "belongs to another organization"
    return ""


class _Reference(msgspec.Struct, gc=False):
    id: str | None
    kind: str = ""


class _Body(msgspec.Struct, gc=False):
    """What of a body the columns repeat; the rest is skipped unread."""

    id: str
    organization: str
    request: str
    code: str
    actor: _Reference
    person: _Reference | None = None
    connector: _Reference | None = None
    tool: _Reference | None = None
    decision: str = ""
    outcome: str = ""


_read = msgspec.json.Decoder(_Body).decode


def _repeated(body: _Body) -> str:
    person = body.person or (body.actor if body.actor.kind == "person" else None)
    ids = [(reference and reference.id) or "" for reference in (person, body.connector, body.tool)]
    return "\n".join([body.id, body.organization, body.request, body.code, *ids, body.decision, body.outcome])
