"""The values that go through all steps: the call as it came in, the way back to its client, and what became of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

from approvals.gate import NOT_ASKED, GateDecision
from approvals.held_call import Edited
from audit.actor import Label
from connectors.access.facts import ProfileRow
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.steps.asker import NOBODY, Asker
from harriet.gateway.steps.stopwatch import Stopwatch
from harriet.lib.ids import new_id
from harriet.lib.mcp.methods import TOOLS_CALL
from harriet.lib.redaction.redactor import Redactor
from vault.oauth.tokens import SealedAccess


class Stream(Protocol):
    """The way back to the client while a call runs."""

    is_gone: bool
    may_stream: bool
    """Whether the client hears anything before the answer."""

    async def notify(self, message: bytes) -> None:
        """One JSON-RPC message."""

    async def keep_alive(self) -> None: ...

    async def prime(self, retry_ms: int | None) -> None:
        """The server's stream can be gone on with; so can this one from now on, where clients know that."""

    async def hang_up(self) -> None:
        """The server closed its stream and goes on with another: so does the client of one that was primed."""


class NoStream:
    """For calls that nobody listens to while they run."""

    is_gone = False
    may_stream = False

    async def notify(self, message: bytes) -> None:
        return

    async def keep_alive(self) -> None:
        return

    async def prime(self, retry_ms: int | None) -> None:
        return

    async def hang_up(self) -> None:
        return


@dataclass(slots=True)
class Call:
    """One request for a server's tool, prompt, resource or completion as it came in, and who it came from (①)."""

    snapshot: Snapshot
    principal: Principal
    profile: ProfileRow
    name: str
    """Of a tool or prompt, as clients see it; of a resource its URI, as its server knows it."""
    arguments: bytes
    """The exact bytes that will be sent."""
    values: Any
    """The same, parsed."""
    method: str = TOOLS_CALL
    connector_id: UUID | None = None
    """Whose resource it is. Tools and prompts have names of their own."""
    more: bytes = b""
    """Further raw members of the request, each after a comma: answers to what the server asked."""
    meta: dict[str, Any] = field(default_factory=dict)
    """The client's `_meta`. Nothing in it is believed."""
    bound_meta: bytes | None = None
    """Of a call that a person decides on: the `_meta` that is shown and sent. Nothing is added to it."""
    patience: float | None = None
    """The seconds that the client said it waits for the answer."""
    is_introduced: bool = False
    """The client said what it is, as MCP clients do and scripts don't."""
    takes_tasks: bool = False
    """The client goes on with a task by itself (tasks extension of 2026-07-28)."""
    is_task: bool = False
    """It was answered with a task."""
    client: str = ""
    """What it calls itself, with its version."""
    ticket: Label | None = None
    """Of a call that a person had to decide on: it runs under the request id under which it was held."""
    edited: Edited | None = None
    """What somebody who decides changed of it."""
    run_step_id: UUID | None = None
    """The attempt at a step of a workflow's run that makes it: nobody's token does."""
    session_key: Hashable = ()
    """Whose session with a server of the handshake era this is."""
    has_session: bool = False
    """Its client keeps a session of its own; every other request stands for itself."""
    roots_version: int = 0
    """How often its client's session has said that its roots changed."""
    speaks_sessions: bool = False
    """Its client is of the era with sessions, whether it keeps one or not: so is the way to a server of both eras."""
    log_level: str = ""
    """The least important log messages that the client wants; empty for none."""
    gate: GateDecision = NOT_ASKED
    """What step ④ says of it; the strictest of those who have a say."""
    stream: Stream = field(default_factory=NoStream)
    asker: Asker = NOBODY
    declared: Mapping[str, Any] | None = None
    """What its client's session said that it can be asked; the asker says whether this request is a way to do so."""
    request_id: UUID = field(default_factory=new_id)
    began: float = field(default_factory=monotonic)
    """Seconds of the monotonic clock."""
    stopwatch: Stopwatch = field(default_factory=Stopwatch)


@dataclass(slots=True)
class Sent:
    """What became of a call, for the audit log."""

    size: int = 0
    """Bytes that the server answered with."""
    redacted: int = 0
    """Secrets that were taken out of them."""
    is_error: bool = False
    has_left: bool = False
    """Whether a request may have reached the server."""
    is_answered: bool = False
    problem: BaseException | None = None
    redactor: Redactor | None = None
    access: SealedAccess | None = None
    """The token that went with it, for a connector that signs in by OAuth."""
    is_of_person: bool = False
    """That token is the caller's own: what a server says of it is no news about the connector."""
    told: BaseException | None = None
    """What the client was told instead of a result; no secrets are in it."""
    notes: list[str] = field(default_factory=list)
    """What the audit log should know of a result that was passed on."""

    def ended_by(self, problem: BaseException, told: BaseException) -> BaseException:
        self.problem, self.told = problem, told
        return told
