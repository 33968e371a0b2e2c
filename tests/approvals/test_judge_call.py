"""The gate as a table: each trust level against each risk class, as the product's description has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from approvals.gate import GateDecision, GateFacts, RuleMet, Scope, judge, stricter
from connectors.access.preview import waits_in
from connectors.models import Risk
from harriet.people.trust import Trust, strictest

_SCOPE = Scope("Night run", datetime(2026, 12, 1, 6, 0, tzinfo=UTC))
_NAMED = replace(_SCOPE, names_tool=True)
_MANUAL = "The trust level of this profile is Manual: every call waits for approval."
_DANGEROUS = "This tool is dangerous: each call waits for approval, whatever the trust level."
_READS = "This tool is read-only, and runs without asking."
_IN_SCOPE = "The scope “Night run” lets it run unasked until 2026-12-01 06:00 UTC."
_CONFIRM = "This tool requires confirmation: an approver decides on each call."

CELLS = [
    *((Trust.MANUAL, risk, scope, "hold", _MANUAL) for risk in Risk for scope in (None, _SCOPE, _NAMED)),
    *((Trust.SUPERVISED, Risk.READ_ONLY, scope, "run", _READS) for scope in (None, _NAMED)),
    *(
        (Trust.SUPERVISED, Risk.MODERATE, scope, "hold",
         "This tool is of moderate risk, and the trust level is Supervised: it waits.")
        for scope in (None, _NAMED)
    ),
    *((Trust.SUPERVISED, Risk.DANGEROUS, scope, "hold", _DANGEROUS) for scope in (None, _NAMED)),
    *(
        (Trust.SUPERVISED, Risk.UNKNOWN, scope, "hold",
         "This tool is of unknown risk, and the trust level is Supervised: it waits.")
        for scope in (None, _NAMED)
    ),
    *((Trust.AUTONOMOUS, Risk.READ_ONLY, scope, "run", _READS) for scope in (None, _SCOPE, _NAMED)),
    (Trust.AUTONOMOUS, Risk.MODERATE, None, "hold",
     "This tool is of moderate risk, and no scope that holds lets this call run unasked."),
    *((Trust.AUTONOMOUS, Risk.MODERATE, scope, "run", _IN_SCOPE) for scope in (_SCOPE, _NAMED)),
    *((Trust.AUTONOMOUS, Risk.DANGEROUS, scope, "hold", _DANGEROUS) for scope in (None, _SCOPE, _NAMED)),
    (Trust.AUTONOMOUS, Risk.UNKNOWN, None, "hold",
     "This tool is of unknown risk, and no scope that holds lets this call run unasked."),
    (Trust.AUTONOMOUS, Risk.UNKNOWN, _SCOPE, "hold",
     "This tool is of unknown risk, and the scope “Night run” does not name it."),
    (Trust.AUTONOMOUS, Risk.UNKNOWN, _NAMED, "run", _IN_SCOPE),
]  # fmt: skip


@pytest.mark.parametrize(("trust", "risk", "scope", "kind", "reason"), CELLS)
def test_each_cell_of_the_matrix(trust: str, risk: str, scope: Scope | None, kind: str, reason: str) -> None:
    assert judge(GateFacts(trust, risk, scope=scope)) == GateDecision(kind, reason)


def test_what_requires_confirmation_waits_in_every_cell() -> None:
    for trust, risk, scope in product(Trust, Risk, (None, _SCOPE, _NAMED)):
        assert judge(GateFacts(trust, risk, True, scope=scope)) == GateDecision("hold", _CONFIRM)


def test_a_rule_only_ever_makes_it_stricter() -> None:
    strictness = {"run": 0, "hold": 1, "refuse": 2}
    rules = [
        RuleMet("hold", "Large amounts are looked at."),
        RuleMet("refuse", "Nothing leaves for other companies."),
        RuleMet("refuse", "Nothing leaves for other companies.", "args.to is missing"),
    ]
    for trust, risk, scope, rule in product(Trust, Risk, (None, _NAMED), rules):
        facts = GateFacts(trust, risk, scope=scope)
        before, after = judge(facts), judge(replace(facts, rules=(rule,)))
        assert strictness[after.kind] >= max(strictness[before.kind], 1)
        assert (after.kind == "refuse") == (rule.effect == "refuse" and not rule.undecided), "what is unclear is held"
    unclear = judge(GateFacts(Trust.AUTONOMOUS, Risk.READ_ONLY, rules=(rules[2],)))
    assert unclear.reason == (
        "Nobody can tell whether this rule is met (args.to is missing): Nothing leaves for other companies."
    )


def test_of_several_levels_and_decisions_the_strictest_holds() -> None:
    assert strictest(["autonomous", "", "supervised"]) == "supervised"
    assert strictest(["autonomous", "manual"]) == "manual"
    assert strictest(["", ""]) == "manual", "where nothing is said, nothing runs"
    run, hold, no = (GateDecision(kind, kind) for kind in ("run", "hold", "refuse"))
    assert stricter(run, hold) is stricter(hold, run) is hold
    assert stricter(hold, no) is stricter(no, run) is no
    again = GateDecision("hold", "again")
    assert stricter(hold, again) is hold and stricter(again, hold) is again
    device = judge(GateFacts(Trust.MANUAL, Risk.READ_ONLY, set_by="this device"))
    assert device.reason == "The trust level of this device is Manual: every call waits for approval."


def test_the_preview_says_what_the_gate_says() -> None:
    for trust, risk, confirms in product(Trust, Risk, (False, True)):
        row: Any = SimpleNamespace(risk=risk.value, requires_confirmation=confirms)
        profile: Any = SimpleNamespace(trust=trust.value)
        words = waits_in(profile, row)
        without, within = (judge(GateFacts(trust, risk, confirms, scope=scope)).kind for scope in (None, _NAMED))
        said = {"": ("run", "run"), "after approval": ("hold", "hold")}.get(words, ("hold", "run"))
        assert (without, within) == said, (trust, risk, confirms)
