"""Everything an approver needs to decide, gathered for one page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from audit.queries import calls_of_tool
from harriet.lib.text import count_hidden
from vault.queries import credential_of, current_version

from .hold import arguments_of
from .models import PendingAction


@dataclass(frozen=True, slots=True)
class Card:
    """`arguments` is what will be sent; `raw` the same as the exact text that the approval is bound to."""

    arguments: Any
    raw: str
    hidden_characters: int
    credential: str
    credential_version: int
    history: list[Any]
    definition_digest: str


def card_of(action: PendingAction) -> Card:
    raw = arguments_of(action).decode()
    arguments = json.loads(raw)
    credential = credential_of(action.connector_id)
    current = current_version(credential) if credential else None
    pinned = action.tool.versions.filter(is_pinned=True).first()
    return Card(
        arguments=arguments,
        raw=raw,
        # Decoded: in the raw text a hidden character may stand as \u202e, which is all too visible.
        hidden_characters=count_hidden(json.dumps(arguments, ensure_ascii=False)),
        credential=credential.name if credential else "none",
        credential_version=current.number if current else 0,
        history=list(calls_of_tool(action.organization_id, action.tool_id, limit=5)),
        definition_digest=str(pinned or ""),
    )
