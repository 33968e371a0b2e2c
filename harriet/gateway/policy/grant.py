"""What a rule allows one caller, under the name that clients see."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.gate import GateDecision
from connectors.access.facts import ToolRow


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """A tool, a prompt or a connector's resources; the rule that allows it to the caller, and what the gate says.
    Only itself is equal."""

    tool: ToolRow
    shown_name: str
    reason: str
    gate: GateDecision
    is_own: bool = False
    """A tool of Harriet's own: no server is behind it."""
