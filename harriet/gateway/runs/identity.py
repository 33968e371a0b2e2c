"""As whom a run calls tools: as its person, with the rights of this moment, through the workflow's profile."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from approvals.runs.work import Send
from audit.actor import Actor, Label
from connectors.access.facts import ProfileRow
from harriet.gateway.errors import GatewayError
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.view import may_enter
from harriet.gateway.steps.request import Call
from harriet.lib.json.canonical import parse_strict

_GONE = "{} is not an active member of the organization any more."
_NO_PROFILE = "The workflow’s profile was deleted, so there are no tools to call. Choose another for the workflow."
_NOT_THEIRS = "{} may not use the workflow’s profile {} any more."
_NO_TOOL = "The tool of this step is no longer there. Change the workflow, and start a new run."


def call_of(send: Send, snapshot: Snapshot) -> Call:
    """The step's call. Its attempt stands where a client's token would: what is approved for it is good for nothing
    else. Raises GatewayError when the person's rights have ended."""
    principal = _principal(send, snapshot)
    profile = _profile(send, snapshot, principal)
    row = snapshot.facts.tools.get(send.tool_id)
    if row is None:
        raise GatewayError(_NO_TOOL)
    snapshot.admit({sha256(send.step_id.bytes).digest(): principal})
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
    member = snapshot.facts.members.get(send.user_id)
    if member is None or not member.facts.is_active:
        raise GatewayError(_GONE.format("The person of this run"))
    return Principal(
        token_id=send.step_id,
        user_id=member.user_id,
        caller=member.facts,
        actor=Actor("person", member.user_id, member.email),
        person=Label(member.user_id, member.email),
        device=None,
        token_hint="",
        only_profile_id=send.profile_id,
        expires_at=datetime.max.replace(tzinfo=UTC),
    )


def _profile(send: Send, snapshot: Snapshot, principal: Principal) -> ProfileRow:
    profile = snapshot.profile_of(send.profile_id) if send.profile_id else None
    if profile is None:
        raise GatewayError(_NO_PROFILE)
    if not may_enter(principal, profile):
        raise GatewayError(_NOT_THEIRS.format(principal.person.label, profile.name))
    return profile
