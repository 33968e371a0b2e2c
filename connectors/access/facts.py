"""One organization's facts that decide about calls, as plain values. `connectors.access.load` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from connectors.access.pinned import Pinned
from connectors.access.rules import CallerFacts, ProfileFacts, ToolFacts, shown_name
from connectors.models import Connector, Tool
from connectors.passed_identity import Identity, IdentityRule
from harriet.lib.egress import Reach
from harriet.people.trust import Trust


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
    review: str = Connector.Standing.APPROVED
    checks_arguments: bool = False
    identity: IdentityRule | None = None
    """What the server is told of who calls; None for nothing."""
    deciders: str = "approvers"
    """Who decides on its held calls: of Connector.Deciders."""
    health_changed_at: datetime | None = None
    has_told: bool = False
    """Those who look after it were told of what is wrong with it now."""


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


class ToolsById(dict[UUID, ToolRow]):
    """All tools of an organization. Never changed once it is made."""

    @cached_property
    def by_connector(self) -> Mapping[UUID, list[ToolRow]]:
        found: dict[UUID, list[ToolRow]] = {}
        for row in self.values():
            found.setdefault(row.connector.id, []).append(row)
        return found


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule on arguments that is on."""

    id: UUID
    connector_id: UUID
    tool_id: UUID | None
    """None for all tools of the connector."""
    expression: str
    effect: Literal["hold", "refuse"]
    sentence: str


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """What an autonomous profile lets run, and until when."""

    id: UUID
    name: str
    tool_ids: frozenset[UUID]
    classes: frozenset[str]
    condition: str
    expires_at: datetime

    def covers(self, tool: ToolRow) -> bool:
        """Whether calls of it run, where the condition is met and the time isn't over."""
        return tool.id in self.tool_ids or tool.risk in self.classes


@dataclass(frozen=True, slots=True)
class ProfileRow:
    id: UUID
    slug: str
    name: str
    has_prefix: bool
    facts: ProfileFacts
    is_progressive: bool = False
    trust: str = Trust.SUPERVISED.value
    hold_seconds: int | None = None
    """None for what the organization says."""
    scopes: tuple[ScopeRow, ...] = ()
    """Of an autonomous one, those that were not over when it was read; the first made comes first."""


@dataclass(frozen=True, slots=True)
class MemberRow:
    membership_id: UUID
    user_id: UUID
    email: str
    name: str
    facts: CallerFacts
    identity: Identity | None = None
    """None for a local account: nobody but Harriet says who that is."""


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    id: UUID
    slug: str
    name: str
    hold_seconds: int
    connectors: Mapping[UUID, ConnectorRow]
    tools: ToolsById
    profiles: Mapping[UUID, ProfileRow]
    groups: Mapping[UUID, str]
    members: Mapping[UUID, MemberRow] = field(default_factory=dict)
    """By user id: those that a page asked for, and none for the gateway, which reads people as they call."""
    rules: Mapping[UUID, tuple[RuleRow, ...]] = field(default_factory=dict)
    """By connector, in their order."""
    domains: tuple[str, ...] = ()
    """The mail domains that the organization has proved."""

    def rules_for(self, tool: ToolRow) -> tuple[RuleRow, ...]:
        """Those of the connector are about its tools; prompts and resources have their own, or none."""
        rules, is_tool = self.rules.get(tool.connector.id, ()), tool.kind == Tool.Kind.TOOL
        return tuple(rule for rule in rules if (rule.tool_id is None and is_tool) or rule.tool_id == tool.id)

    def tools_in(self, profile: ProfileRow) -> list[ToolRow]:
        """What the profile contains, whoever may call it, by name."""
        facts, by_connector = profile.facts, self.tools.by_connector
        found = {tool.id: tool for one in facts.connector_ids for tool in by_connector.get(one, ())}
        found |= {one: self.tools[one] for one in facts.tool_ids if one in self.tools}
        return sorted(found.values(), key=lambda tool: (tool.connector.slug, tool.name, tool.kind))
