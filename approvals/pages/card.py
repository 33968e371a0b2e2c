"""Everything an approver needs to decide, gathered for one page."""

from __future__ import annotations

import json
from dataclasses import dataclass

from approvals.models import PendingAction
from approvals.sealed_parts import sent_of
from audit.models import Event
from audit.queries import calls_of_tool
from connectors.models import ToolVersion
from harriet.lib.mcp.param_headers import InvalidAnnotation, mirrored_parameters, parameter_headers
from harriet.lib.text import count_hidden, show_hidden
from vault.queries import credential_of, current_version


@dataclass(frozen=True, slots=True)
class Card:
    arguments: object
    """JSON, any: what will be sent."""
    raw: str
    """The same, as the exact text that the approval is bound to."""
    meta: dict[str, object]
    raw_meta: str
    headers: dict[str, str]
    """What is repeated of the arguments in headers, by name."""
    hidden_characters: int
    """How many there are in all that will be sent."""
    credential: str
    credential_version: int
    """0 when the call leaves without a credential."""
    history: list[Event]
    """The latest outcomes and refusals of the tool, the newest first."""
    definition_digest: str


def card_of(action: PendingAction) -> Card:
    raw, raw_meta = (part.decode() for part in sent_of(action))
    arguments, meta = json.loads(raw), json.loads(raw_meta or "{}")
    credential = credential_of(action.connector_id)
    current = current_version(credential) if credential else None
    pinned = action.tool.versions.filter(is_pinned=True).first()
    return Card(
        arguments=arguments,
        raw=show_hidden(raw),
        meta=meta,
        raw_meta=show_hidden(raw_meta),
        headers=_headers(pinned, raw),
        # Decoded: in the raw text a hidden character may stand as \u202e, which is all too visible.
        hidden_characters=count_hidden(json.dumps([arguments, meta], ensure_ascii=False)),
        credential=credential.name if credential else "none",
        credential_version=current.number if current else 0,
        history=list(calls_of_tool(action.organization_id, action.tool_id, limit=5)),
        definition_digest=str(pinned or ""),
    )


def _headers(pinned: ToolVersion | None, arguments: str) -> dict[str, str]:
    """What a server of 2026-07-28 gets of the arguments once more, in Mcp-Param-* headers."""
    schema = pinned.definition.get("inputSchema") if pinned is not None else None
    try:
        mirrored = mirrored_parameters(schema) if schema else ()
    except InvalidAnnotation:
        return {}
    return parameter_headers(mirrored, arguments.encode()) if mirrored else {}
