"""What one person sees: each tool with the rule that decides. The pages' answer to "why can't Dana call this?"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .access import Verdict, may_call, may_open
from .snapshot import MemberRow, OrganizationFacts, ProfileRow, ToolRow


@dataclass(frozen=True, slots=True)
class Seen:
    tool: ToolRow
    shown_name: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Preview:
    member: MemberRow
    opens: Verdict
    tools: list[Seen]

    @property
    def allowed(self) -> list[Seen]:
        return [seen for seen in self.tools if seen.verdict.is_allowed]


def preview(facts: OrganizationFacts, profile: ProfileRow, member: MemberRow) -> Preview:
    """Everything the profile contains, what is allowed first."""
    tools = [
        Seen(tool, tool.shown_name(profile), may_call(tool.facts, member.facts, profile.facts))
        for tool in facts.tools_in(profile)
    ]
    tools.sort(key=lambda seen: (not seen.verdict.is_allowed, seen.tool.connector.name, seen.tool.name))
    return Preview(member, may_open(profile.facts, member.facts), tools)


def best_verdict(facts: OrganizationFacts, tool: ToolRow, member: MemberRow) -> tuple[Verdict, ProfileRow | None]:
    """The profile through which a person may call a tool, or the refusal of the one that comes nearest."""
    nearest: tuple[Verdict, ProfileRow | None] = (
        Verdict(False, f"No profile of {member.facts.label} contains {tool.name}."),
        None,
    )
    for profile in _containing(facts, tool):
        verdict = may_call(tool.facts, member.facts, profile.facts)
        if verdict.is_allowed:
            return verdict, profile
        if may_open(profile.facts, member.facts).is_allowed:
            nearest = verdict, profile
    return nearest


def _containing(facts: OrganizationFacts, tool: ToolRow) -> Iterable[ProfileRow]:
    for profile in sorted(facts.profiles.values(), key=lambda profile: profile.name):
        if tool.connector.id in profile.facts.connector_ids or tool.id in profile.facts.tool_ids:
            yield profile
