"""The one interface of all transports, and the values that cross it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from connectors.definitions.sound import Remarks
from harriet.lib.egress import Reach
from vault.opened import OpenCredential

NATIVE = "native"
"""The kind of connectors whose servers speak MCP themselves; the others are in `connectors.transports.kinds`."""

OnNotification = Callable[[bytes], Awaitable[None]]
"""Gets the whole message, on one line."""
OnQuestion = Callable[[str, bytes], Awaitable[bytes]]
"""Gets method and raw params of what a server of the legacy era asks in the middle of a request; gives a raw
`"result":…` or `"error":…` member."""


class OnStream(Protocol):
    """Hears how a stream goes that is to bring an answer (SPEC 2025-11-25 basic/transports, resumability)."""

    async def primed(self, retry: float | None) -> None:
        """The server began it with an event that only brings an id: it may be gone on with, after so many seconds."""

    async def broke_off(self) -> None:
        """It ended before its answer, and is gone on with."""


class Endpoint(NamedTuple):
    """Where a connector's server is, and how it is spoken to."""

    connector_id: UUID
    kind: str
    """The connector's: which transport is asked (`Transports.transport_for`)."""
    url: str
    reach: Reach
    era: str = ""
    """`versions.LEGACY`, `MODERN` or `SSE`, or "" to find out."""


class Caller(NamedTuple):
    """Who stands behind a request, as far as a server may tell callers apart."""

    session_key: Hashable = ()
    """Callers share a session with a legacy server only when their keys are the same."""
    capabilities: bytes = b"{}"
    """JSON object: what the client behind the request said it can be asked."""
    sessionless_id: Hashable = None
    """Whose request this is, when the client keeps no sessions: then nothing that the server learns from it may be
    remembered for another request, unless both declare the same."""
    roots_version: int = 0
    """How often the client has said that its roots changed: servers that remember them are told before the request."""

    @property
    def is_interactive(self) -> bool:
        return self.capabilities != b"{}"


NOBODY = Caller()
ABLE = Caller(capabilities=b'{"elicitation":{"form":{},"url":{}},"sampling":{},"roots":{}}')
"""Some servers offer things only to clients that can be asked: lists are made as for one that can, though nobody is
asked while they are made."""


@dataclass(slots=True)
class Request:
    """What is asked of a server, in no era's dress yet."""

    method: str
    members: bytes = b""
    """Raw JSON members of `params`, without braces and without `_meta`."""
    name: str = ""
    """What the header Mcp-Name repeats: a tool's or prompt's name, a resource's URI."""
    arguments: bytes = b"{}"
    """Of a tools/call, once more: for the headers that repeat arguments."""
    input_schema: Mapping[str, Any] | None = None
    """Of a tools/call: the schema that says which arguments are repeated."""
    meta: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Interest:
    """What to be told of."""

    tools: bool = True
    prompts: bool = True
    resources: bool = True
    uris: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a server says of itself when it is met."""

    era: str
    protocol_version: str
    server_info: dict[str, Any] = field(default_factory=dict)
    capabilities: dict[str, Any] = field(default_factory=dict)
    instructions: str = ""
    eras: tuple[str, ...] = ()
    """Every era that the server speaks at this address, where that was asked (`discover_eras`)."""


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """Exactly one of `result` and `error` is set: the raw JSON that the server sent there, on one line."""

    result: bytes | None
    error: bytes | None
    era: str
    status: int
    notes: tuple[str, ...] = ()
    """What had to be replaced in it to make it JSON, in sentences."""


class Transport(Protocol):
    """How servers of one kind are spoken to: one object per event loop, shared by all connectors of the kind.

    `deadline` is always the seconds that everything may take. Each method is given a credential that is open only for
    so long and keeps nothing of it. Each raises UpstreamError, whose words are the server's: clean them before anybody
    sees them.
    """

    async def discover(self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float) -> Discovery:
        """What the server is and can do. `endpoint.era` is not gone by: this finds it out."""

    async def discover_eras(
        self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float, known: Collection[str] = ()
    ) -> Discovery:
        """The same with `eras` filled in, at least one, the preferred one first. `known` are those found before: one of
        them that is only away at the moment is an error, and not gone."""

    async def list_tools(
        self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float, remarks: Remarks | None = None
    ) -> list[dict[str, Any]]:
        """Whole definitions, as `list_all` gives them, without tools that no client may use."""

    async def list_all(
        self,
        endpoint: Endpoint,
        credential: OpenCredential,
        method: str,
        member: str,
        *,
        deadline: float,
        caller: Caller = ABLE,
        remarks: Remarks | None = None,
    ) -> list[dict[str, Any]]:
        """All pages of what `method` lists under `member`: JSON objects as the server wrote them. Entries that can't be
        taken as JSON are left out, with a sentence in `remarks`."""

    async def request(
        self,
        endpoint: Endpoint,
        credential: OpenCredential,
        request: Request,
        *,
        caller: Caller,
        deadline: float,
        on_notification: OnNotification | None = None,
        on_question: OnQuestion | None = None,
        on_stream: OnStream | None = None,
    ) -> UpstreamAnswer:
        """One request of a client's, sent as it is, once. Cancelling the task cancels it at the server. The time in
        which `on_question` waits for a person doesn't count."""

    async def watch(
        self,
        endpoint: Endpoint,
        open_credential: Callable[[], AbstractContextManager[OpenCredential]],
        interest: Interest,
        *,
        on_notification: OnNotification,
        on_open: Callable[[], None] = lambda: None,
    ) -> None:
        """Hears what the server says of its own accord, until cancelled; calls `on_open` each time when it begins to
        hear. Raises UpstreamBroken when the server has no way to say anything."""

    async def close(self) -> None:
        """Ends what is open: sessions, streams. The egress is closed after it, by whoever made it."""
