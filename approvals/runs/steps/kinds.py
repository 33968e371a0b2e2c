"""The kinds of steps by their codes, in the order in which the editor offers them."""

from __future__ import annotations

from approvals.runs.steps.base import StepKind
from approvals.runs.steps.call import CallTool
from approvals.runs.steps.reply import WaitForReply
from approvals.runs.steps.stop import StopIf
from approvals.runs.steps.until import WaitUntil

KINDS: dict[str, StepKind] = {kind.code: kind for kind in (CallTool(), WaitForReply(), WaitUntil(), StopIf())}
