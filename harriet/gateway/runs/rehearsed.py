"""What the gate would say of a step's call, if somebody's run made it now. Nothing leaves."""

from __future__ import annotations

from time import time
from uuid import UUID

from approvals.models import Workflow
from approvals.runs.work import Send
from audit.actor import Label
from harriet.gateway.errors import GatewayError
from harriet.gateway.policy.compile import snapshot_now
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.view import grant_of
from harriet.gateway.runs.identity import call_of
from harriet.gateway.steps.gate import judged
from harriet.lib.ids import new_id
from harriet.people.models import Membership

_NOT_YOURS = "You may not call this tool through the workflow’s profile, so the step would fail for you."


def gate_says(workflow: Workflow, membership: Membership, tool_id: UUID, arguments: bytes) -> str:
    """Docks in `approvals.runs.rehearse.GATES`. One sentence, by the rights and rules of now."""
    snapshot = snapshot_now(workflow.organization_id)
    if snapshot is None:
        return _NOT_YOURS
    try:
        call = call_of(_send(workflow, membership, tool_id, arguments), snapshot)
    except GatewayError as refusal:
        return refusal.message
    grant = grant_of(view_of(call.snapshot, call.principal, call.profile), tool_id)
    return judged(call, grant, time()).reason if grant is not None else _NOT_YOURS


def _send(workflow: Workflow, membership: Membership, tool_id: UUID, arguments: bytes) -> Send:
    """Of a run that there isn't."""
    nothing = new_id()
    return Send(
        run_id=nothing,
        step_id=nothing,
        lease=nothing,
        organization_id=workflow.organization_id,
        profile_id=workflow.profile_id,
        user_id=membership.user_id,
        tool_id=tool_id,
        workflow=workflow.name,
        trust="",
        ticket=Label(nothing, ""),
        arguments=arguments,
    )
