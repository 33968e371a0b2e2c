"""What leaves of a held call: the arguments and `_meta` that its ticket shows, and nothing else of the client's.

Whoever runs an approved call, the process that holds the client's request or a Celery worker, sends the same bytes:
they are made here, bound into the approval, stored and shown. What differs from one request to the next (progress
tokens, trace context, the ids of a client's conversation), what only a present client could give (answers,
capabilities, its log level) and what speaks for the connection never leaves.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec

from approvals.binding import Bound, binding_of
from approvals.held_call import HeldCall
from connectors.access.facts import RuleRow, ScopeRow
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.asker import UNSEEN
from harriet.gateway.steps.notifications import is_passed_on
from harriet.gateway.steps.request import Call
from harriet.lib.trace_context import TRACE_KEYS

_OF_ONE_REQUEST = frozenset({"progressToken", *TRACE_KEYS})
_NAMES_THE_REQUEST = re.compile(
    r"(?:tool[_-]?use|tool[_-]?call|call|request|message|turn|conversation|chat|session|thread|run|trace|span"
    r"|correlation|invocation|interaction)[_-]?id|session",
    re.IGNORECASE,
)
"""The last part of keys such as `claudecode/toolUseId`, `vscode.requestId` and `openai/session`. The same call
repeated has others, and is the same call all the same."""
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def as_shown(call: Call) -> Call:
    """The call as it goes on a ticket, and as it runs once it is approved."""
    return with_bound_meta(call, meta_of(call.meta))


def with_bound_meta(call: Call, meta: bytes) -> Call:
    """`meta` is what `meta_of` made of the client's, when the call was held."""
    members: dict[str, Any] = dict(_MEMBERS(meta)) if meta else {}
    return replace(call, meta=members, bound_meta=meta, more=b"", log_level="", asker=UNSEEN, speaks_sessions=False)


def meta_of(meta: dict[str, Any]) -> bytes:
    """Of a client's `_meta` what is part of the call, as one form of JSON; empty when there is nothing."""
    kept = {key: value for key, value in meta.items() if _is_bound(key)}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() if kept else b""


@lru_cache(1024)
def _is_bound(key: str) -> bool:
    last = re.split(r"[/.]", key)[-1]
    return key not in _OF_ONE_REQUEST and is_passed_on(key) and _NAMES_THE_REQUEST.fullmatch(last) is None


def bound_to(call: Call, grant: Grant) -> bytes:
    """What an approval of this call is bound to, as it stands now."""
    return binding_of(bound_parts(call, grant))


def bound_parts(call: Call, grant: Grant) -> dict[str, str]:
    """The same, part by part."""
    tool, connector = grant.tool, grant.tool.connector
    sealed = call.snapshot.credentials.get(connector.id)
    return Bound(
        organization_id=call.snapshot.facts.id,
        profile_id=call.profile.id,
        token_id=call.principal.token_id,
        user_id=call.principal.user_id,
        connector_id=connector.id,
        connector_revision=connector.revision,
        tool_id=tool.id,
        tool_digest=tool.digest,
        credential_id=sealed.credential_id if sealed else None,
        credential_version=sealed.version if sealed else 0,
        arguments=call.arguments,
        meta=call.bound_meta or b"",
        policy=policy_of(call, grant),
    ).parts


def policy_of(call: Call, grant: Grant) -> bytes:
    """Everything that the gate goes by, as one digest."""
    tool, trust = grant.tool, (call.profile.trust, call.principal.trust)
    levels = (grant.gate.kind, tool.connector.deciders, tool.risk, tool.requires_confirmation, *trust)
    return _policy_digest(levels, grant.open.rules if grant.open else None, grant.open.scopes if grant.open else ())


@lru_cache(1024)
def _policy_digest(
    levels: tuple[object, ...], rules: tuple[RuleRow, ...] | None, scopes: tuple[ScopeRow, ...]
) -> bytes:
    """Kept: to write many rules out takes far longer than to compare them. Stored approvals know the bytes."""
    said: list[object] = [*levels]
    if rules is not None:
        said += [rules, [(one.id, one.condition, one.expires_at) for one in scopes]]
    return hashlib.sha256(repr(said).encode()).digest()


def held_call_of(call: Call, grant: Grant) -> HeldCall:
    """What is stored of a call that waits for approval."""
    tool, parts = grant.tool, bound_parts(call, grant)
    return HeldCall(
        organization_id=call.snapshot.facts.id,
        binding=binding_of(parts),
        parts=parts,
        request_id=call.request_id,
        profile_id=call.profile.id,
        token_id=None if call.run_step_id else call.principal.token_id,
        user_id=call.principal.user_id,
        caller_label=call.principal.person.label,
        device=call.principal.device,
        token_hint=call.principal.token_hint,
        client_label=call.client,
        connector_id=tool.connector.id,
        connector_label=tool.connector.name,
        tool_id=tool.id,
        tool_label=tool.name,
        risk=tool.risk,
        reason=call.gate.reason,
        arguments=call.arguments,
        meta=call.bound_meta or b"",
        run_step_id=call.run_step_id,
    )
