"""What one person sees, each with the rule that decides. The pages' answer to "why can't Dana call this?"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from connectors.access.facts import MemberRow, OrganizationFacts, ProfileRow, ToolRow
from connectors.access.rules import Verdict, may_call, may_open, shown_uri
from connectors.models import Risk, Tool
from harriet.people.trust import Trust


@dataclass(frozen=True, slots=True)
class Seen:
    tool: ToolRow
    shown_name: str
    verdict: Verdict
    waits: str = ""
    """Whether a call that is allowed waits for a person, in words; empty when nothing makes it wait."""


@dataclass(frozen=True, slots=True)
class Preview:
    member: MemberRow
    opens: Verdict
    tools: list[Seen]

    @property
    def allowed(self) -> list[Seen]:
        return [seen for seen in self.tools if seen.verdict.is_allowed]

    @property
    def words(self) -> str:
        offered, allowed = (Counter(seen.tool.kind for seen in some) for some in (self.tools, self.allowed))
        return counted_words({kind: (allowed[kind], offered[kind]) for kind in offered})


def counted_words(counts: Mapping[str, tuple[int, int]]) -> str:
    """Of each kind how many are allowed and offered: "2 of 84 tools, 1 of 3 prompts, resources"."""
    parts = [f"{counts[kind][0]:,} of {counts[kind][1]:,} {words}" for kind, words in _COUNTED if kind in counts]
    if Tool.Kind.RESOURCES in counts:
        parts.append("resources" if counts[Tool.Kind.RESOURCES][0] else "no resources")
    return ", ".join(parts) or "nothing"


_COUNTED = ((Tool.Kind.TOOL, "tools"), (Tool.Kind.PROMPT, "prompts"))
_ORDER = list(Tool.Kind.values)


def preview(facts: OrganizationFacts, profile: ProfileRow, member: MemberRow) -> Preview:
    """Everything the profile contains, what is allowed first."""
    tools = [
        Seen(tool, _shown(tool, profile), may_call(tool.facts, member.facts, profile.facts), waits_in(profile, tool))
        for tool in facts.tools_in(profile)
    ]
    tools.sort(key=lambda seen: (not seen.verdict.is_allowed, *in_order(seen.tool)))
    return Preview(member, may_open(profile.facts, member.facts), tools)


def waits_in(profile: ProfileRow, tool: ToolRow) -> str:
    """What the gate (a floor above, `approvals.gate`) makes of trust level and risk class; a test compares them."""
    if tool.requires_confirmation or profile.trust == Trust.MANUAL or tool.risk == Risk.DANGEROUS:
        return _AFTER
    if tool.risk == Risk.READ_ONLY:
        return ""
    return "after approval, unless a scope covers it" if profile.trust == Trust.AUTONOMOUS else _AFTER


_AFTER = "after approval"


def in_order(tool: ToolRow) -> tuple[str, int, str]:
    """By connector: its tools, its prompts, its resources."""
    return tool.connector.name, _ORDER.index(tool.kind), tool.name


def _shown(tool: ToolRow, profile: ProfileRow) -> str:
    """Resources have addresses, which begin with the connector where the profile marks them so."""
    if tool.kind == Tool.Kind.RESOURCES:
        return shown_uri(tool.connector.slug, "…", profile.has_prefix)
    return tool.shown_name(profile)


class ThroughProfile(NamedTuple):
    verdict: Verdict
    profile: ProfileRow | None
    """None when no profile of the person's contains the tool."""


def best_verdict(facts: OrganizationFacts, tool: ToolRow, member: MemberRow) -> ThroughProfile:
    """Through the profile by which a person may call a tool, or the refusal of the one that comes nearest."""
    nowhere = Verdict(False, f"No profile of {member.facts.label} contains {tool.facts.name}.")
    nearest = ThroughProfile(nowhere, None)
    for profile in _containing(facts, tool):
        verdict = may_call(tool.facts, member.facts, profile.facts)
        if verdict.is_allowed:
            return ThroughProfile(verdict, profile)
        if may_open(profile.facts, member.facts).is_allowed:
            nearest = ThroughProfile(verdict, profile)
    return nearest


def _containing(facts: OrganizationFacts, tool: ToolRow) -> Iterable[ProfileRow]:
    for profile in sorted(facts.profiles.values(), key=lambda profile: profile.name):
        if tool.connector.id in profile.facts.connector_ids or tool.id in profile.facts.tool_ids:
            yield profile
