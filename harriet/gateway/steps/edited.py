"""A held call whose arguments somebody who decides changed: run with the changed ones, and told to the client, whose
model has to know that its own were not what ran."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from approvals.changes import changes_in_words
from approvals.held_call import Edited, StoredCall
from connectors.models import Tool
from harriet.gateway.content.blocks import raw
from harriet.gateway.content.methods import METHODS
from harriet.gateway.content.results import Fields
from harriet.gateway.policy.principal import Principal, bearers_with, principal_of_run
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.steps.bound import with_bound_meta
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.methods import TOOLS_CALL
from harriet.lib.sentences import ended

ENDED = "The caller's access ended, so this call can't run any more."
EDITED = "harriet/edited"
"""The key in `_meta` of a result."""


def call_of(stored: StoredCall, values: Any, snapshot: Snapshot) -> Call | None:
    """The stored call with the caller's rights of today, who is read from the database; None when they have none."""
    principal = _principal(stored, snapshot)
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
        run_step_id=stored.run_step_id,
    )
    return with_bound_meta(call, stored.meta)


def _principal(stored: StoredCall, snapshot: Snapshot) -> Principal | None:
    organization_id = snapshot.facts.id
    if stored.run_step_id is not None and stored.user_id is not None:
        return principal_of_run(
            organization_id, stored.user_id, stored.run_step_id, stored.profile_id, trust=stored.run_trust
        )
    if stored.token_id is None:
        return None
    snapshot.callers.keep(bearers_with(organization_id, [stored.token_id]))
    return snapshot.callers.of_token(stored.token_id)


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
        f"{changes_in_words(list(edited.changes))}. Reason: {ended(edited.reason)} What follows is the result of the "
        "changed call. Don't send the first one again unasked."
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
