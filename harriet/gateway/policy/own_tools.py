"""The grants of Harriet's own tools, which stand among those of servers: a call of one passes the same steps.

Each tool is a file in `gateway/builtin/`; what clients see of it stands here, because a view lists it. A server's tool
of the same name keeps its name, and Harriet's is left out.
"""

from __future__ import annotations

from collections.abc import Container
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from approvals.gate import GateDecision
from connectors.access.facts import ConnectorRow, ToolRow
from connectors.access.pinned import Pinned
from connectors.access.rules import ToolFacts
from connectors.models import Connector, Risk, Tool
from harriet.gateway.policy.grant import Grant
from harriet.lib.egress import Reach
from harriet.lib.mcp.versions import LEGACY, MODERN

STATUS_TOOL = "harriet_ticket_status"

_MOMENT = {"type": "string", "description": "When, as ISO 8601"}
_TICKET: dict[str, Any] = {
    "type": "object",
    "properties": {
        "number": {"type": "integer"},
        "url": {"type": "string", "description": "The page where people decide"},
        "state": {"type": "string"},
        "connector": {"type": "string"},
        "tool": {"type": "string"},
        "heldBecause": {"type": "string"},
        "reason": {"type": "string", "description": "Why it did not run, once that is so"},
        "askedAt": _MOMENT,
        "expiresAt": _MOMENT,
        "collectUntil": _MOMENT,
        "next": {"type": "string", "description": "What to do now"},
    },
    "required": ["number", "url", "state", "next"],
}
_STATUS: dict[str, Any] = {
    "name": STATUS_TOOL,
    "title": "Status of calls that need approval",
    "description": (
        "Says where calls stand that wait for a person's approval: by the number of a ticket, or without a number all "
        "of the caller's that are open. It also says when the result of an approved call waits to be collected."
    ),
    "inputSchema": {
        "type": "object",
        "properties": {"ticket": {"type": "integer", "minimum": 1, "description": "The number, such as 12 for #12"}},
        "additionalProperties": False,
    },
    "outputSchema": {
        "type": "object",
        "properties": {"tickets": {"type": "array", "items": _TICKET}},
        "required": ["tickets"],
    },
    "annotations": {"readOnlyHint": True, "openWorldHint": False},
}
_HARRIET = ConnectorRow(
    id=uuid5(NAMESPACE_URL, "harriet:own-tools"),
    slug="harriet",
    name="Harriet",
    kind="own",
    url="",
    era=MODERN,
    session_era=LEGACY,
    capabilities={},
    state=Connector.State.ACTIVE,
    health="",
    health_reason="",
    revision=0,
    reach=Reach(),
    checks_arguments=True,
)
"""Stands for Harriet where a server's connector stands: in the audit log, and where calls are counted."""


def _grant(definition: dict[str, Any]) -> Grant:
    name, encoded = definition["name"], msgspec.json.encode(definition)
    tool_id = uuid5(_HARRIET.id, name)
    facts = ToolFacts(
        tool_id=tool_id,
        name=name,
        connector_id=_HARRIET.id,
        connector_name=_HARRIET.name,
        connector_state=_HARRIET.state,
        state=Tool.State.PINNED,
        is_enabled=True,
    )
    row = ToolRow(
        id=tool_id,
        kind=Tool.Kind.TOOL,
        name=name,
        connector=_HARRIET,
        facts=facts,
        pinned=Pinned(sha256(encoded).digest(), encoded),
        risk=Risk.READ_ONLY,
        requires_confirmation=False,
    )
    return Grant(row, name, _WHY, GateDecision("run", _WHY), is_own=True)


_WHY = "Everybody may ask about their own calls that need approval."
_STATUS_GRANT = _grant(_STATUS)


def own_grants(taken: Container[str], *, can_hold: bool) -> dict[str, Grant]:
    """`taken`: the names that servers' tools have. Whoever has nothing that waits for approval needs none of them."""
    return {STATUS_TOOL: _STATUS_GRANT} if can_hold and STATUS_TOOL not in taken else {}
