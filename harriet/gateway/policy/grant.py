"""What a rule allows one caller, under the name that clients see, and what the gate says of calling it."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.gate import GateDecision, GateFacts
from connectors.access.facts import RuleRow, ScopeRow, ToolRow


@dataclass(frozen=True, slots=True)
class Open:
    """What decides only when somebody calls: rules look at the arguments, scopes at the time, too."""

    facts: GateFacts
    """All else that decides."""
    rules: tuple[RuleRow, ...]
    scopes: tuple[ScopeRow, ...]
    """Those that cover the tool."""


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """A tool, a prompt or a connector's resources; the rule that allows it to the caller, and what the gate says.
    Only itself is equal."""

    tool: ToolRow
    shown_name: str
    reason: str
    gate: GateDecision
    """As far as it is known without a call: without scopes, and without rules on arguments."""
    open: Open | None = None
    """None when no call can change that."""
    is_own: bool = False
    """A tool of Harriet's own: no server is behind it."""

    @property
    def may_wait(self) -> bool:
        """Whether a call of it may have to wait for a person: then its client has to be ready for a ticket."""
        return self.gate.kind == "hold" or self.open is not None
