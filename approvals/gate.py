"""The gate: does an authorized call run, wait for a person, or stop here?"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class GateDecision:
    """`reason` is the same sentence for the employee, the approver, the auditor and the log."""

    kind: Literal["run", "hold", "refuse"]
    reason: str


_RUN = GateDecision("run", "This tool runs without asking.")
_HOLD = GateDecision("hold", "This tool requires confirmation: an approver decides on each call.")


def judge(*, requires_confirmation: bool) -> GateDecision:
    """Step ③ for a tool that may be called: run it, or hold it for a person."""
    return _HOLD if requires_confirmation else _RUN
