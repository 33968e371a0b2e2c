"""Step ④, where it takes the call to decide: rules on its arguments, and the scopes that let an autonomous one run."""

from __future__ import annotations

from dataclasses import replace

from approvals.gate import GateDecision, RuleMet, Scope, judge, stricter
from connectors.access.facts import RuleRow, ScopeRow
from connectors.expressions.catalogue import nested
from connectors.expressions.evaluate import Subject
from harriet.gateway.errors import ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.methods import COMPLETION_COMPLETE


def decided(call: Call, grant: Grant, beyond_limit: GateDecision | None, now: float) -> GateDecision:
    """The strictest of those who have a say: the gate, and the limits of how often somebody calls. Raises
    ToolRefusal."""
    decision = judged(call, grant, now)
    if beyond_limit is not None:
        decision = stricter(decision, beyond_limit)
    if decision.kind == "refuse":
        raise ToolRefusal(decision.reason)
    return decision


def judged(call: Call, grant: Grant, now: float) -> GateDecision:
    """With the call at hand. `now` in Unix seconds: a scope is over at its second, whatever was compiled when."""
    undecided = grant.open
    if undecided is None:
        return grant.gate
    if call.method == COMPLETION_COMPLETE:
        return stricter(grant.gate, _SUGGESTS)
    subject = subject_of(call, grant)
    rules = tuple(met for rule in undecided.rules if (met := _met(rule, subject)) is not None)
    scope = next((one for one in undecided.scopes if _holds(one, subject, now)), None)
    holding = Scope(scope.name, scope.expires_at, grant.tool.id in scope.tool_ids) if scope else None
    return judge(replace(undecided.facts, rules=rules, scope=holding))


_SUGGESTS = GateDecision("hold", "What is typed so far can't be held against the rules on arguments.")


def subject_of(call: Call, grant: Grant) -> Subject:
    """What conditions may speak of (`connectors.expressions.catalogue`)."""
    facts, principal, tool = call.snapshot.facts, call.principal, grant.tool
    member = principal.member
    attributes = {
        "tool.name": tool.name,
        "tool.risk": tool.risk,
        "connector.slug": tool.connector.slug,
        "caller.email": member.email if member else "",
        "caller.role": principal.caller.role or "",
        "caller.groups": sorted(facts.groups[one] for one in principal.caller.group_ids if one in facts.groups),
        "client.name": call.client,
        "device.name": principal.device.label if principal.device else "",
        "organization.domains": list(facts.domains),
    }
    return Subject(call.values, len(call.arguments), nested(attributes))


def _met(rule: RuleRow, subject: Subject) -> RuleMet | None:
    answer = subject.answer(rule.expression)
    if not answer.is_met and not answer.undecided:
        return None
    return RuleMet(rule.effect, rule.sentence, answer.undecided)


def _holds(scope: ScopeRow, subject: Subject, now: float) -> bool:
    """What nobody can tell does not let a call run."""
    if scope.expires_at.timestamp() <= now:
        return False
    if not scope.condition:
        return True
    answer = subject.answer(scope.condition)
    return answer.is_met and not answer.undecided
