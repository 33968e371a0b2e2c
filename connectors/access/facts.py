"""One organization's facts that decide about calls, as plain values. `connectors.access.load` makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from connectors.access.rules import CallerFacts, ProfileFacts, ToolFacts, shown_name
from connectors.definitions import both_eras
from connectors.definitions.mend import shown_to_older
from connectors.transports.base import LEGACY
from harriet.lib.egress import Reach

Mark = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    id: UUID
    slug: str
    name: str
    kind: str
    url: str
    era: str
    """For clients that keep no sessions, and for whoever is no client: the latest that the server speaks."""
    session_era: str
    """For clients with sessions (up to 2025-11-25): their own era, where the server speaks it."""
    capabilities: Mapping[str, Any]
    state: str
    health: str
    health_reason: str
    revision: int
    reach: Reach
    checks_arguments: bool = False


class Pinned:
    """A pinned definition: compact JSON, because most tools are listed and few are called. Never changes."""

    __slots__ = ("_definition", "_older", "digest", "in_sessions", "only", "raw")

    def __init__(self, digest: bytes, raw: bytes) -> None:
        self.digest, self.raw = digest, raw
        self.in_sessions, self.only = self, ""
        self._definition: Mapping[str, Any] | None = None
        self._older: bytes | None = None
        if _MARK in raw:
            self._split()

    def _split(self) -> None:
        """A server of both eras may offer a tool a little differently in each, or in one alone."""
        whole = self.read()
        earlier, later = both_eras.in_sessions(whole), both_eras.plain(whole)
        self.only = both_eras.only_era(whole)
        self.raw, raw = msgspec.json.encode(later), msgspec.json.encode(earlier)
        if raw != self.raw:
            self.in_sessions = Pinned(sha256(self.digest + LEGACY.encode()).digest(), raw)

    @property
    def older(self) -> bytes:
        """As clients up to 2025-11-25 can read it; mostly the same bytes. Kept: listed once, it is listed again."""
        if self._older is None:
            self._older = _for_older(self.raw)
        return self._older

    @property
    def definition(self) -> Mapping[str, Any]:
        """Kept: who asks is about to call the tool, and the next call asks again."""
        if self._definition is None:
            self._definition = self.read()
        return self._definition

    def read(self) -> dict[str, Any]:
        """Not kept."""
        return dict(json.loads(self.raw))


def _for_older(raw: bytes) -> bytes:
    if b'"outputSchema"' not in raw:
        return raw
    definition = json.loads(raw)
    shown = shown_to_older(definition)
    if shown is definition:
        return raw
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


_MARK = both_eras.MEMBER.encode()
NOT_READ = Pinned(b"", b"{}")


@dataclass(frozen=True, slots=True)
class ToolRow:
    id: UUID
    kind: str
    name: str
    connector: ConnectorRow
    facts: ToolFacts
    pinned: Pinned
    risk: str
    requires_confirmation: bool
    position: int = 0

    @property
    def definition(self) -> Mapping[str, Any]:
        """The pinned definition."""
        return self.pinned.definition

    @property
    def digest(self) -> bytes:
        return self.pinned.digest

    def era_for(self, has_sessions: bool) -> str:
        """In which it is called for a client of the era with sessions, or for another."""
        return self.pinned.only or (self.connector.session_era if has_sessions else self.connector.era)

    def pinned_for(self, has_sessions: bool) -> Pinned:
        """As it is offered to such a client."""
        return self.pinned.in_sessions if has_sessions else self.pinned

    def shown_name(self, profile: ProfileRow) -> str:
        return shown_name(self.connector.slug, self.name, profile.has_prefix)


@dataclass(frozen=True, slots=True)
class ProfileRow:
    id: UUID
    slug: str
    name: str
    has_prefix: bool
    facts: ProfileFacts
    is_progressive: bool = False


@dataclass(frozen=True, slots=True)
class MemberRow:
    membership_id: UUID
    user_id: UUID
    email: str
    name: str
    facts: CallerFacts


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    id: UUID
    slug: str
    name: str
    hold_seconds: int
    connectors: Mapping[UUID, ConnectorRow]
    tools: Mapping[UUID, ToolRow]
    profiles: Mapping[UUID, ProfileRow]
    members: Mapping[UUID, MemberRow]
    """By user id."""
    groups: Mapping[UUID, str]
    tools_mark: Mark = ()
    members_mark: Mark = ()
    """What the tools and the members were made from: while it is the same, they are."""

    def tools_in(self, profile: ProfileRow) -> list[ToolRow]:
        """What the profile contains, whoever may call it, by name."""
        facts = profile.facts
        found = (
            tool
            for tool in self.tools.values()
            if tool.connector.id in facts.connector_ids or tool.id in facts.tool_ids
        )
        return sorted(found, key=lambda tool: (tool.connector.slug, tool.name, tool.kind))
