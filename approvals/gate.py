"""The gate: does an authorized call run, wait for a person, or stop here? One pure function of facts.

The matrix is that of the product's description: the trust level against the risk class, with *requires confirmation*
above both. What nothing lets run waits; nobody's word loosens *Dangerous* or *requires confirmation*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from connectors.models import Risk
from harriet.people.trust import Trust

Kind = Literal["run", "hold", "refuse"]


@dataclass(frozen=True, slots=True)
class GateDecision:
    """`reason` is the same sentence for the employee, the approver, the auditor and the log."""

    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Of an autonomous profile: what runs without a person, and until when. It holds for the call that is judged."""

    name: str
    until: datetime
    names_tool: bool = False
    """It names this very tool, and not its class alone."""


@dataclass(frozen=True, slots=True)
class RuleMet:
    """A rule on arguments that stops the call that is judged."""

    effect: Literal["hold", "refuse"]
    sentence: str
    undecided: str = ""
    """Why nobody can tell whether it is met; empty when it is."""


@dataclass(frozen=True, slots=True)
class GateFacts:
    """All that decides about one call that its caller may make."""

    trust: str
    """The strictest of those that hold."""
    risk: str
    requires_confirmation: bool = False
    set_by: str = ""
    """What the trust level is of, where that isn't the profile: "this device", "this run"."""
    scope: Scope | None = None
    """One that holds for this call."""
    rules: tuple[RuleMet, ...] = ()
    """Those that stop it, in their order."""


NOT_ASKED = GateDecision("hold", "The gate has not decided on this call.")
"""Of a call before step ④."""

_STRICTNESS = {"run": 0, "hold": 1, "refuse": 2}
_CONFIRM = GateDecision("hold", "This tool requires confirmation: an approver decides on each call.")
_CLASS = {
    Risk.READ_ONLY: "read-only",
    Risk.MODERATE: "of moderate risk",
    Risk.DANGEROUS: "dangerous",
    Risk.UNKNOWN: "of unknown risk",
}


def judge(facts: GateFacts) -> GateDecision:
    """Step ④ for a tool that may be called: run it, hold it for a person, or refuse it."""
    decision = _CONFIRM if facts.requires_confirmation else _by_trust(facts)
    for met in facts.rules:
        decision = stricter(decision, _by_rule(met))
    return decision


def stricter(a: GateDecision, b: GateDecision) -> GateDecision:
    """The one of the two that lets less happen; `a` where they are as strict."""
    return b if _STRICTNESS[b.kind] > _STRICTNESS[a.kind] else a


def _by_trust(facts: GateFacts) -> GateDecision:
    is_class = _CLASS[Risk(facts.risk)]
    if facts.trust == Trust.MANUAL:
        whose = facts.set_by or "this profile"
        return GateDecision("hold", f"The trust level of {whose} is Manual: every call waits for approval.")
    if facts.risk == Risk.READ_ONLY:
        return GateDecision("run", "This tool is read-only, and runs without asking.")
    if facts.risk == Risk.DANGEROUS:
        return GateDecision("hold", "This tool is dangerous: each call waits for approval, whatever the trust level.")
    if facts.trust == Trust.AUTONOMOUS:
        return _by_scope(facts, is_class)
    whose = f" of {facts.set_by}" if facts.set_by else ""
    return GateDecision("hold", f"This tool is {is_class}, and the trust level{whose} is Supervised: it waits.")


def _by_scope(facts: GateFacts, is_class: str) -> GateDecision:
    scope = facts.scope
    if scope is None:
        return GateDecision("hold", f"This tool is {is_class}, and no scope that holds lets this call run unasked.")
    if facts.risk == Risk.UNKNOWN and not scope.names_tool:
        return GateDecision("hold", f"This tool is {is_class}, and the scope “{scope.name}” does not name it.")
    return GateDecision("run", f"The scope “{scope.name}” lets it run unasked until {scope.until:%Y-%m-%d %H:%M} UTC.")


def _by_rule(met: RuleMet) -> GateDecision:
    """What nobody can tell waits for somebody who looks, also where the rule would refuse."""
    if met.undecided:
        return GateDecision("hold", f"Nobody can tell whether this rule is met ({met.undecided}): {met.sentence}")
    return GateDecision(met.effect, met.sentence)
