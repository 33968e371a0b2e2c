"""As whom a run calls tools: as its person, with the rights of this moment, through the workflow's profile."""

from __future__ import annotations

from approvals.runs.work import Send
from connectors.access.facts import ProfileRow
from harriet.gateway.errors import GatewayError
from harriet.gateway.policy.principal import Principal, principal_of_run
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.view import may_enter
from harriet.gateway.steps.request import Call
from harriet.lib.json.canonical import parse_strict

_GONE = "The person of this run is not an active member of the organization any more."
_NO_PROFILE = "The workflow’s profile was deleted, so there are no tools to call. Choose another for the workflow."
_NOT_THEIRS = "{} may not use the workflow’s profile {}."
_NO_TOOL = "The tool of this step is no longer there. Change the workflow, and start a new run."


def call_of(send: Send, snapshot: Snapshot) -> Call:
    """The step's call; who makes it is read from the database. Raises GatewayError when their rights have ended."""
    principal = _principal(send, snapshot)
    profile = _profile(send, snapshot, principal)
    row = snapshot.facts.tools.get(send.tool_id)
    if row is None:
        raise GatewayError(_NO_TOOL)
    snapshot.callers.keep_visitor(principal)
    return Call(
        snapshot=snapshot,
        principal=principal,
        profile=profile,
        name=row.shown_name(profile),
        arguments=send.arguments,
        values=parse_strict(send.arguments),
        client=f"Harriet (workflow {send.workflow})",
        patience=0.0,
        run_step_id=send.step_id,
        request_id=send.step_id,
    )


def _principal(send: Send, snapshot: Snapshot) -> Principal:
    principal = principal_of_run(snapshot.facts.id, send.user_id, send.step_id, send.profile_id, trust=send.trust)
    if principal is None:
        raise GatewayError(_GONE)
    return principal


def _profile(send: Send, snapshot: Snapshot, principal: Principal) -> ProfileRow:
    profile = snapshot.profile_of(send.profile_id) if send.profile_id else None
    if profile is None:
        raise GatewayError(_NO_PROFILE)
    if not may_enter(principal, profile):
        raise GatewayError(_NOT_THEIRS.format(principal.person.label, profile.name))
    return profile
