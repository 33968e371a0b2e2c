"""One stored event against itself: its MAC, and its columns against the body that the MAC covers."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec

from audit.event import mac_of

NAMES = (
    "id",
    "organization_id",
    "request_id",
    "code",
    "person_id",
    "connector_id",
    "tool_id",
    "decision",
    "outcome",
)
_UUIDS = {"id", "organization_id", "request_id", "person_id", "connector_id", "tool_id"}
COLUMNS = ", ".join([f"{name}::text" if name in _UUIDS else name for name in NAMES] + ["body", "mac"])
"""What to select for `complaint`: ids as text, as they stand in the body, spares making UUIDs of them."""

Row = tuple[Any, ...]


def complaint(row: Row, organization: str) -> str:
    """What is wrong with the event, to be read after "the event …"; empty when it is as it was recorded."""
    raw = row[9].encode()
    if not hmac.compare_digest(mac_of(raw), row[10]):
        return "was not written by Harriet, or has been changed: its MAC doesn't fit its body"
    told = _columns_of(_read(raw))
    if told != row[:9]:
        names = ", ".join(name for name, a, b in zip(NAMES, told, row[:9], strict=True) if a != b)
        return f"has been changed: {names} is not what its body says"
    if row[1] != organization:
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


def _columns_of(body: _Body) -> Row:
    person = body.person or (body.actor if body.actor.kind == "person" else None)
    return (
        body.id,
        body.organization,
        body.request,
        body.code,
        person and person.id,
        body.connector and body.connector.id,
        body.tool and body.tool.id,
        body.decision,
        body.outcome,
    )
