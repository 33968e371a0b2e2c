"""The arguments of a held call as somebody who decides wants them: read as strictly as a client's, and judged by
today's rules. The floor above, which knows the rules of calls, docks here what judges them (`apps.py`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from approvals.changes import changes_between
from approvals.errors import ApprovalError
from approvals.models import PendingAction
from harriet.lib.json.canonical import NotRepresentable, parse_strict

UNCHANGED = "Nothing was changed. Approve the call as it is, or change what it sends."


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say today of the call with other arguments, when they don't refuse it."""

    binding: bytes
    risk: str
    reason: str
    """Why it would be held; empty when it would run without asking."""


Judge = Callable[[PendingAction, bytes, dict[str, Any]], Judged]
"""Of the bytes and the same parsed. Raises ApprovalError with the sentence of the refusal."""
JUDGES: list[Judge] = []


def judged_edit(action: PendingAction, before: bytes, after: bytes) -> Judged:
    """Raises ApprovalError beside the field."""
    values = read_arguments(after)
    if not changes_between(parse_strict(before), values):
        raise ApprovalError(UNCHANGED, field="arguments")
    for judge in JUDGES:
        return judge(action, after, values)
    raise ApprovalError("This process can't judge calls, so nothing was changed.")


def read_arguments(raw: bytes) -> dict[str, Any]:
    """Raises ApprovalError: a client's would be refused in the same words."""
    if len(raw) > settings.MCP_BODY_LIMIT:
        raise ApprovalError("This is larger than what a client may send.", field="arguments")
    try:
        values = parse_strict(raw)
    except NotRepresentable as problem:
        raise ApprovalError(problem.message, field="arguments") from None
    if not isinstance(values, dict):
        raise ApprovalError("The arguments are one JSON object, in braces.", field="arguments")
    return values
