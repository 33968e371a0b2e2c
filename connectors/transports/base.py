"""The one interface of all transports, and the values that cross it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from harriet.lib.egress import Reach
from vault.open import OpenCredential

LEGACY = "legacy"
"""Revisions with initialize and sessions: 2024-11-05 to 2025-11-25."""
MODERN = "modern"
"""The stateless revision 2026-07-28."""

OnNotification = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    connector_id: UUID
    url: str
    reach: Reach
    era: str = ""
    """LEGACY, MODERN, or "" to find out."""


@dataclass(frozen=True, slots=True)
class Discovery:
    era: str
    protocol_version: str
    server_info: dict[str, Any] = field(default_factory=dict)
    capabilities: dict[str, Any] = field(default_factory=dict)
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """Exactly one of `result` and `error` is set: the raw JSON that the server sent there, on one line."""

    result: bytes | None
    error: bytes | None
    era: str
    status: int


class Transport(Protocol):
    """`deadline` is always the seconds that everything may take. All methods raise UpstreamError."""

    async def discover(self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float) -> Discovery: ...

    async def list_tools(
        self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float
    ) -> list[dict[str, Any]]: ...

    async def call(
        self,
        endpoint: Endpoint,
        credential: OpenCredential,
        *,
        session_key: Hashable,
        tool: str,
        arguments: bytes,
        input_schema: dict[str, Any],
        meta: dict[str, Any] | None,
        deadline: float,
        on_notification: OnNotification | None = None,
    ) -> UpstreamAnswer: ...

    async def close(self) -> None: ...
