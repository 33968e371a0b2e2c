"""What an approval is bound to, part by part, and as 32 bytes: change any of it and the approval no longer fits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

_DOMAIN = b"harriet-approval-v3"

Parts = Mapping[str, str]
"""By name the digest of each thing that an approval is bound to, in hex: they tell what has moved."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Everything that the approver's yes is about. `arguments` and `meta` are the exact bytes that will be sent."""

    organization_id: UUID
    profile_id: UUID | None
    token_id: UUID | None
    user_id: UUID | None
    connector_id: UUID
    connector_revision: int
    tool_id: UUID
    tool_digest: bytes
    credential_id: UUID | None
    credential_version: int
    arguments: bytes
    meta: bytes = b""
    policy: bytes = b""
    """What the gate decides by: trust level, risk class, confirmation, rules and scopes."""

    @property
    def parts(self) -> dict[str, str]:
        return {
            "organization": _digest(self.organization_id),
            "caller": _digest(self.profile_id, self.token_id, self.user_id),
            **made_with(
                (self.connector_id, self.connector_revision),
                (self.tool_id, self.tool_digest),
                (self.credential_id, self.credential_version),
            ),
            "policy": _digest(self.policy),
            "arguments": _digest(self.arguments),
            "meta": _digest(self.meta),
        }


_MOVED = {
    "organization": "it belongs to another organization",
    "caller": "it is called by somebody else, or through another profile",
    "connector": "how Harriet reaches the connector has changed",
    "tool": "the tool's definition has changed",
    "credential": "the credential was replaced",
    "policy": "the approval policy has changed",
    "arguments": "the arguments have changed",
    "meta": "what the client sends beside the arguments has changed",
}


def made_with(
    connector: tuple[UUID, int], tool: tuple[UUID, bytes], credential: tuple[UUID | None, int]
) -> dict[str, str]:
    """The parts that stand with the connector, each of its id and its revision, digest or version: none of them is the
    caller's."""
    return {"connector": _digest(*connector), "tool": _digest(*tool), "credential": _digest(*credential)}


def binding(bound: Bound) -> bytes:
    return binding_of(bound.parts)


def binding_of(parts: Parts) -> bytes:
    """SHA-256 over every part, by name."""
    digest = hashlib.sha256(_DOMAIN)
    for name in sorted(parts):
        digest.update(f"\n{name} {parts[name]}".encode())
    return digest.digest()


def with_arguments(parts: Parts, arguments: bytes) -> dict[str, str]:
    """Of the same call with other arguments, and nothing else."""
    return {**parts, "arguments": _digest(arguments)}


def what_moved(before: Parts, now: Parts) -> str:
    """In words, a part of a sentence. Of a call that was held before parts were kept, nobody can tell."""
    words = [sentence for name, sentence in _MOVED.items() if before.get(name) != now.get(name)]
    return _together(words) if before and words else "Harriet was changed meanwhile, or what the call goes by"


def moved_already(before: Parts, now: Parts) -> str:
    """The same of some of the parts, those of `now`; empty where none of them has moved."""
    return _together(
        [sentence for name, sentence in _MOVED.items() if name in now and before.get(name, now[name]) != now[name]]
    )


def _together(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if words[1:] else "".join(words)


def _digest(*values: UUID | int | bytes | None) -> str:
    """Each with its length before it, so that no two lists share one."""
    digest = hashlib.sha256()
    for value in values:
        part = _as_bytes(value)
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _as_bytes(value: UUID | int | bytes | None) -> bytes:
    if value is None:
        return b""
    if isinstance(value, UUID):
        return value.bytes
    return value if isinstance(value, bytes) else value.to_bytes(8, "big")
