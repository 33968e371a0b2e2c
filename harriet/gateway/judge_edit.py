"""Judges a held call with other arguments by today's rights and rules, as if it came in now: before it is approved like
that, and for a page, so that whoever changes it reads what a client would be told."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from django.utils import timezone

from approvals.edited_call import Judged
from approvals.errors import ApprovalError
from approvals.models import PendingAction
from approvals.queries import stored_call
from harriet.gateway.errors import GatewayError
from harriet.gateway.policy.compile import snapshot_now
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshot import Snapshot, view_of
from harriet.gateway.policy.view import grant_of, may_enter
from harriet.gateway.steps.bound import bound_to
from harriet.gateway.steps.edited import ENDED, call_of
from harriet.gateway.steps.gate import judged
from harriet.gateway.steps.identity import check_identity
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.schema import INPUT
from harriet.lib.mcp.methods import TOOLS_CALL
from harriet.lib.schemas import checker_of

NOT_THEIRS = "The caller may not call this any more, so it can't run."


def judge_edit(action: PendingAction, arguments: bytes, values: dict[str, Any]) -> Judged:
    """Docks in `approvals.edited_call.JUDGES`. Raises ApprovalError with what a client would be told."""
    snapshot = snapshot_now(action.organization_id)
    if snapshot is None:
        raise ApprovalError(ENDED)
    try:
        call = _call(action, arguments, values, snapshot)
        grant = grant_of(view_of(call.snapshot, call.principal, call.profile), action.tool_id)
        if grant is None:
            raise ApprovalError(NOT_THEIRS)
        return _judged(call, grant)
    except GatewayError as refusal:
        raise ApprovalError(refusal.message, field="arguments") from None


def _call(action: PendingAction, arguments: bytes, values: dict[str, Any], snapshot: Snapshot) -> Call:
    """With the caller's rights of now: a client's, or a run's. Raises ApprovalError."""
    stored = replace(stored_call(action), arguments=arguments)
    call = call_of(stored, values, snapshot)
    if call is None or call.principal.expires_at <= timezone.now() or not may_enter(call.principal, call.profile):
        raise ApprovalError(ENDED)
    return call


def _judged(call: Call, grant: Grant) -> Judged:
    check_identity(call, grant)
    if call.method == TOOLS_CALL:
        _check_schema(call, grant)
    decision = judged(call, grant, time())
    if decision.kind == "refuse":
        raise ApprovalError(decision.reason, field="arguments")
    reason = decision.reason if decision.kind == "hold" else ""
    return Judged(bound_to(call, grant), grant.tool.risk, reason)


def _check_schema(call: Call, grant: Grant) -> None:
    """Whatever the connector leaves to its server: nobody sees what a person typed before it leaves. Raises
    ApprovalError."""
    pinned, is_strict = grant.tool.pinned_for(call.speaks_sessions), grant.tool.connector.checks_arguments
    checker = checker_of(pinned.read().get(INPUT, {}), len(pinned.raw))
    verdict = checker.check(call.values, len(call.arguments))
    if verdict.fits is False:
        raise ApprovalError(f"The arguments don't fit the tool's schema. {verdict.words}".strip(), field="arguments")
    if verdict.fits is None and is_strict and checker.can_check:
        raise ApprovalError(f"The arguments can't be checked before they leave. {verdict.words}", field="arguments")
