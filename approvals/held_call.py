"""The values of a held call: as the gate stopped it, where it stands, and as whoever runs it needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from approvals.changes import Change
from audit.actor import Actor, Label


@dataclass(frozen=True, slots=True)
class HeldCall:
    """A call as it was when the gate stopped it. `arguments` and `meta` are the exact bytes that will be sent."""

    organization_id: UUID
    binding: bytes
    """32 bytes, of approvals.binding."""
    request_id: UUID
    profile_id: UUID | None
    token_id: UUID | None
    user_id: UUID | None
    caller_label: str
    device: Label | None
    token_hint: str
    client_label: str
    """What the client calls itself, with its version."""
    connector_id: UUID
    connector_label: str
    tool_id: UUID
    tool_label: str
    risk: str
    reason: str
    arguments: bytes
    meta: bytes = b""
    run_step_id: UUID | None = None
    """The step of a workflow's run that makes it, with no token."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """What the binding is made of (approvals.binding)."""

    @property
    def asker(self) -> Actor:
        """Who asks for it: a person, or a key that is nobody's."""
        return Actor("person" if self.user_id else "token", self.user_id or self.token_id, self.caller_label)


@dataclass(frozen=True, slots=True)
class Held:
    """Where a held call stands. `reason` says why it was refused, once it is."""

    action_id: UUID
    request_id: UUID
    """Under which the call was held, and everything that becomes of it is in the audit log."""
    ticket: Label
    ticket_number: int
    ticket_path: str
    state: str
    """Of PendingAction.State."""
    reason: str
    expires_at: datetime
    collect_until: datetime
    asked_at: datetime
    changed_at: datetime
    """When the state became what it is."""
    tool_id: UUID
    is_new: bool = False
    """This very request opened the ticket."""
    edition: int = 0
    """How often what it sends was changed by those who decide."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What those who decided changed of it."""

    by: str
    reason: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class StoredCall:
    """An approved call, as whoever runs it needs it. `arguments` and `meta` are the bytes that the ticket shows."""

    action_id: UUID
    organization_id: UUID
    binding: bytes
    request_id: UUID
    profile_id: UUID | None
    token_id: UUID | None
    user_id: UUID | None
    connector_id: UUID
    tool_id: UUID
    client_label: str
    ticket: Label
    arguments: bytes
    meta: bytes
    edited: Edited | None = None
    run_id: UUID | None = None
    """Of a workflow, whose step makes it: it runs as that run goes on."""
    run_trust: str = ""
    run_step_id: UUID | None = None
