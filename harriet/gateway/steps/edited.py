"""A held call whose arguments somebody who decides changed: judged by today's rules before it is approved, run with the
changed arguments, and told to the client, whose model has to know that its own were not what ran."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

import msgspec
from django.utils import timezone

from approvals.changes import changes_in_words
from approvals.edited_call import Judged
from approvals.errors import ApprovalError
from approvals.held_call import Edited, StoredCall
from approvals.models import PendingAction
from approvals.queries import stored_call
from connectors.models import Tool
from harriet.gateway.content.blocks import raw
from harriet.gateway.content.methods import METHODS
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import GatewayError
from harriet.gateway.policy.compile import snapshot_now
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshot import Snapshot, view_of
from harriet.gateway.policy.view import grant_of, may_enter
from harriet.gateway.steps.bound import bound_to, with_bound_meta
from harriet.gateway.steps.gate import judged
from harriet.gateway.steps.identity import check_identity
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.schema import INPUT
from harriet.lib.mcp.methods import TOOLS_CALL
from harriet.lib.schemas import checker_of

ENDED = "The caller's access ended, so this call can't run any more."
NOT_THEIRS = "The caller may not call this any more, so it can't run."
EDITED = "harriet/edited"
"""The key in `_meta` of a result."""


def judge_edit(action: PendingAction, arguments: bytes, values: dict[str, Any]) -> Judged:
    """Docks in `approvals.edited_call.JUDGES`. Raises ApprovalError with what a client would be told."""
    snapshot = snapshot_now(action.organization_id)
    stored = replace(stored_call(action), arguments=arguments)
    call = call_of(stored, values, snapshot) if snapshot is not None else None
    if call is None or call.principal.expires_at <= timezone.now() or not may_enter(call.principal, call.profile):
        raise ApprovalError(ENDED)
    grant = grant_of(view_of(call.snapshot, call.principal, call.profile), action.tool_id)
    if grant is None:
        raise ApprovalError(NOT_THEIRS)
    try:
        return _judged(call, grant)
    except GatewayError as refusal:
        raise ApprovalError(refusal.message, field="arguments") from None


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


def call_of(stored: StoredCall, values: Any, snapshot: Snapshot) -> Call | None:
    """The stored call with the caller's rights of today; None when they have none."""
    principal = snapshot.principal_of(stored.token_id) if stored.token_id else None
    profile = snapshot.profile_of(stored.profile_id) if stored.profile_id else None
    if principal is None or profile is None:
        return None
    row = snapshot.facts.tools.get(stored.tool_id)
    is_resource = row is not None and row.kind == Tool.Kind.RESOURCES
    call = Call(
        snapshot=snapshot,
        principal=principal,
        profile=profile,
        name=str(values["uri"]) if is_resource else "",
        arguments=stored.arguments,
        values=values,
        method=METHODS[row.kind] if row else TOOLS_CALL,
        connector_id=row.connector.id if row and is_resource else None,
        client=stored.client_label,
        ticket=stored.ticket,
        request_id=stored.request_id,
        edited=stored.edited,
    )
    return with_bound_meta(call, stored.meta)


def as_edited(call: Call, stored: StoredCall) -> Call:
    """The client's call with what was approved in place of what it asked for."""
    values = msgspec.json.decode(stored.arguments)
    return replace(call, arguments=stored.arguments, values=values, edited=stored.edited)


def with_edit_told(fields: Fields, call: Call) -> Fields:
    """The result, with what was changed: as the first text that a model reads, and in `_meta`."""
    if call.edited is None:
        return fields
    told = dict(fields)
    if call.method == TOOLS_CALL:
        blocks = msgspec.json.decode(fields.get("content", b"[]"), type=list[msgspec.Raw])
        told["content"] = raw([{"type": "text", "text": edit_in_words(call.edited)}, *blocks])
    meta = msgspec.json.decode(fields.get("_meta", b"{}"), type=dict[str, msgspec.Raw])
    told["_meta"] = raw({**meta, EDITED: _as_json(call.edited)})
    return told


def edit_in_words(edited: Edited) -> str:
    return (
        f"{edited.by} approved this call with changes, so it did not run with the arguments that were sent: "
        f"{changes_in_words(list(edited.changes))}. Reason: {edited.reason} What follows is the result of the changed "
        "call. Don't send the first one again unasked."
    )


def _as_json(edited: Edited) -> dict[str, Any]:
    """A change has no `before` where something was added, and no `after` where it was taken out."""
    changes = [
        {"path": one.path}
        | ({"before": msgspec.Raw(one.before.encode())} if one.before else {})
        | ({"after": msgspec.Raw(one.after.encode())} if one.after else {})
        for one in edited.changes
    ]
    return {"by": edited.by, "reason": edited.reason, "changes": changes}
