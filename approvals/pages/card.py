"""Everything an approver needs to decide, gathered for one page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from approvals.binding import made_with, moved_already
from approvals.models import PendingAction
from approvals.pages.argument_rows import ArgumentRow, hidden_in, rows_of
from approvals.sealed_parts import sent_of
from connectors.models import ToolVersion
from harriet.lib.mcp.param_headers import InvalidAnnotation, mirrored_parameters, parameter_headers
from harriet.lib.text import show_hidden
from vault.models import CredentialVersion
from vault.queries import credential_of, current_version

LARGEST_SHOWN = 6_000
"""Characters of JSON on the card; what is longer has a page of its own."""


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    """What the server calls the tool, beside its name."""
    description: str
    """The server's words of what it does."""
    arguments: object
    """JSON, any: what will be sent."""
    rows: list[ArgumentRow]
    """The same, a row each; empty when that is no way to read them."""
    raw: str
    """The same, as the exact text that the approval is bound to; empty when it is long."""
    size: int
    """Bytes."""
    meta: dict[str, object]
    raw_meta: str
    meta_size: int
    headers: dict[str, str]
    """What is repeated of the arguments in headers, by name."""
    hidden_characters: int
    """How many there are in all that will be sent."""
    credential: str
    credential_version: int
    """0 when the call leaves without a credential."""
    definition_digest: str
    moved: str
    """What has changed since it was asked for, so that it would not run though it were approved; empty for nothing."""

    @property
    def is_long(self) -> bool:
        return not self.raw


def card_of(action: PendingAction) -> Card:
    raw, raw_meta = (part.decode() for part in sent_of(action))
    arguments, meta = json.loads(raw), json.loads(raw_meta or "{}")
    credential = credential_of(action.connector_id)
    current = current_version(credential) if credential else None
    pinned = action.tool.versions.filter(is_pinned=True).first()
    definition: Mapping[str, Any] = pinned.definition if pinned is not None else {}
    return Card(
        title=_title(definition),
        description=str(definition.get("description") or ""),
        arguments=arguments,
        rows=rows_of(arguments, definition.get("inputSchema")),
        raw=_if_short(raw),
        size=len(raw.encode()),
        meta=meta,
        raw_meta=_if_short(raw_meta),
        meta_size=len(raw_meta.encode()),
        headers=_headers(pinned, raw),
        hidden_characters=hidden_in(arguments, meta),
        credential=credential.name if credential else "none",
        credential_version=current.number if current else 0,
        definition_digest=str(pinned or ""),
        moved=_moved(action, pinned, current),
    )


def _moved(action: PendingAction, pinned: ToolVersion | None, current: CredentialVersion | None) -> str:
    """What its caller's policy says now only the gateway knows."""
    now = made_with(
        (action.connector_id, action.connector.revision),
        (action.tool_id, bytes(pinned.digest) if pinned is not None else b""),
        (current.credential_id, current.number) if current is not None else (None, 0),
    )
    return moved_already(action.bound_parts, now)


def _title(definition: Mapping[str, Any]) -> str:
    annotations = definition.get("annotations")
    named = annotations.get("title") if isinstance(annotations, Mapping) else ""
    title = str(definition.get("title") or named or "")
    return "" if title == definition.get("name") else title


def _if_short(text: str) -> str:
    return show_hidden(text) if len(text) <= LARGEST_SHOWN else ""


def _headers(pinned: ToolVersion | None, arguments: str) -> dict[str, str]:
    """What a server of 2026-07-28 gets of the arguments once more, in Mcp-Param-* headers."""
    schema = pinned.definition.get("inputSchema") if pinned is not None else None
    try:
        mirrored = mirrored_parameters(schema) if schema else ()
    except InvalidAnnotation:
        return {}
    return parameter_headers(mirrored, arguments.encode()) if mirrored else {}
