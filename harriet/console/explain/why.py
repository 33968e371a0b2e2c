"""Why a person can, or can't, call a tool: every rule that is asked, in the gateway's order, with its answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import QuerySet

from approvals.gate import GateDecision, GateFacts, Scope, judge
from connectors.access.facts import MemberRow, OrganizationFacts, ProfileRow, RuleRow, ScopeRow, ToolRow
from connectors.access.in_database import profiles_with
from connectors.access.load_part import load_part
from connectors.access.load_policy import rule_rows
from connectors.access.rules import Verdict, each_rule, may_call, may_open
from connectors.models import Profile, Tool
from harriet.gateway.policy.view import gate_with
from harriet.people.models import Membership


@dataclass(frozen=True, slots=True)
class Rule:
    """One that is asked."""

    question: str
    verdict: Verdict
    decides: bool = False
    """It is the first that says no."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What it says of a call by a person with no stricter device."""

    decision: GateDecision
    """Whatever the arguments are, as far as no rule meets them."""
    rules: tuple[RuleRow, ...] = ()
    """Those that may stop a call because of its arguments."""
    scopes: tuple[ScopeRow, ...] = ()
    """Those that may let one run because of its arguments."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Through one profile."""

    profile: ProfileRow
    rules: list[Rule] = field(default_factory=list)
    gate: Gate | None = None
    """None where the call does not come as far as the gate."""

    @property
    def kind(self) -> str:
        """run, hold or refuse, as the log will say."""
        return self.gate.decision.kind if self.gate else "refuse"

    @property
    def reason(self) -> str:
        """The one sentence: of the rule that says no, or of the gate."""
        refusing = next((rule.verdict.reason for rule in self.rules if rule.decides), "")
        return refusing or (self.gate.decision.reason if self.gate else "")


QUESTIONS = (
    "May they open the profile?",
    "Does the connector offer it, as it was accepted?",
    "Is it in the profile?",
    "Is it for one of their groups or their role?",
    "Is its name its own there?",
)
_BEST = {"run": 0, "hold": 1, "refuse": 2}
MOST_PROFILES = 20
MOST_NAMESAKES = 50
"""Tools of the same name."""


def answers(membership: Membership, tool: Tool) -> list[Answer]:
    """Through each profile that contains the tool, the one that lets most happen first; of very many, some."""
    namesakes = Tool.objects.filter(organization=membership.organization_id, kind=tool.kind, name=tool.name)
    ids = [tool.pk, *namesakes.exclude(pk=tool.pk).order_by("pk").values_list("pk", flat=True)[:MOST_NAMESAKES]]
    facts = part_with_rules(membership, ids, profiles_with([tool]))
    row, member = facts.tools.get(tool.pk), facts.members[membership.user_id]
    if row is None:
        return []
    found = [answer_through(facts, profile, row, member) for profile in facts.profiles.values()]
    found.sort(key=lambda one: (_BEST[one.kind], not _opens(one, member), one.profile.name))
    return found[:MOST_PROFILES]


def part_with_rules(membership: Membership, tools: list[UUID], profiles: QuerySet[Profile]) -> OrganizationFacts:
    """What decides about some tools for one person, with the rules on their arguments."""
    facts = load_part(membership.organization, tools=tools, people=[membership.pk], profiles=profiles)
    return replace(facts, rules=rule_rows(facts.id, list(facts.connectors)))


def answer_through(facts: OrganizationFacts, profile: ProfileRow, tool: ToolRow, member: MemberRow) -> Answer:
    verdicts = (*each_rule(tool.facts, member.facts, profile.facts), _stands_for_its_name(facts, profile, tool, member))
    first = next((verdict for verdict in verdicts if not verdict.is_allowed), None)
    rules = [Rule(question, one, one is first) for question, one in zip(QUESTIONS, verdicts, strict=True)]
    return Answer(profile, rules, gate_of(facts, profile, tool) if first is None else None)


def _stands_for_its_name(facts: OrganizationFacts, profile: ProfileRow, tool: ToolRow, member: MemberRow) -> Verdict:
    """Of several that a client would see under one name, it sees the first that the person may call."""
    if tool.kind != Tool.Kind.RESOURCES:
        for other in facts.tools_in(profile):
            if other is tool:
                break
            is_same = other.kind == tool.kind and other.shown_name(profile) == tool.shown_name(profile)
            if is_same and may_call(other.facts, member.facts, profile.facts).is_allowed:
                return Verdict(False, _OUTNUMBERED.format(other=other.connector.name))
    return Verdict(True, "No other connector of the profile takes its name.")


_OUTNUMBERED = "{other} offers the same name in this profile, and comes first. Switch on the profile’s name prefix."


def gate_of(facts: OrganizationFacts, profile: ProfileRow, tool: ToolRow) -> Gate:
    known = GateFacts(profile.trust, tool.risk, tool.requires_confirmation)
    decision, undecided = gate_with(known, tool, profile, facts)
    if undecided is None:
        return Gate(decision)
    now = datetime.now(UTC)
    standing = [scope for scope in undecided.scopes if scope.expires_at > now]
    whole = next((scope for scope in standing if not scope.condition), None)
    if whole is not None:
        decision = judge(replace(known, scope=Scope(whole.name, whole.expires_at, tool.id in whole.tool_ids)))
    return Gate(decision, undecided.rules, tuple(scope for scope in standing if scope.condition))


def _opens(answer: Answer, member: MemberRow) -> bool:
    return may_open(answer.profile.facts, member.facts).is_allowed


@dataclass(frozen=True, slots=True)
class SeenTool:
    """As it stands in the list that the person's client gets."""

    tool: ToolRow
    shown_name: str
    gate: Gate


def seen_by(facts: OrganizationFacts, profile: ProfileRow, member: MemberRow) -> list[SeenTool]:
    """What `tools/list` and the others show them of these tools, each with what the gate would say."""
    allowed = (one for one in facts.tools_in(profile) if may_call(one.facts, member.facts, profile.facts).is_allowed)
    return [SeenTool(one, one.shown_name(profile), gate_of(facts, profile, one)) for one in allowed]
