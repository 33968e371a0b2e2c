"""Steps ⑤ and ⑨: what the audit log is told of a call, its intent and its outcome, or its refusal."""

from __future__ import annotations

import asyncio
import hashlib
from time import monotonic

from audit.actor import Label
from audit.event_body import Frame, NewEvent, compose
from audit.events import CALL_INTENT, CALL_OUTCOME, CallDetails, CallRefused, IntentDetails, OutcomeDetails
from connectors.access.facts import ToolRow
from connectors.audit_labels import name_with_kind
from connectors.errors import QUOTED, UpstreamTimeout
from harriet.gateway.errors import GatewayError, InsufficientScope, NotOffered, Stopped, ToolRefusal, UpstreamSaidError
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshot import KeptFrame, view_of
from harriet.gateway.policy.view import View
from harriet.gateway.steps.authorize import named_by
from harriet.gateway.steps.identity import passed_words
from harriet.gateway.steps.origin import origin_of, said_by
from harriet.gateway.steps.request import Call, Sent
from harriet.gateway.steps.stopwatch import UPSTREAM
from harriet.lib.errors import Problem
from harriet.lib.mcp.methods import TOOLS_CALL
from harriet.lib.text import quoted

_REFUSED = "The server refused the call."
FRAMES = 4096
"""Of callers and what they call, kept for each snapshot."""
LONGEST_NOTES = 500
"""Characters."""
LONGEST = 200
"""Characters of a name that a client made up, in the audit log."""


def intent(call: Call, grant: Grant) -> NewEvent:
    """Step ⑤: the event that is durable before anything leaves."""
    sealed = call.snapshot.credentials.get(grant.tool.connector.id)
    details: IntentDetails = {
        "arguments_digest": hashlib.sha256(call.arguments).hexdigest(),
        "tool_digest": grant.tool.digest.hex(),
        "connector_revision": grant.tool.connector.revision,
        "policy_version": call.snapshot.number,
        "credential": sealed.name if sealed else "",
        "credential_version": sealed.version if sealed else 0,
    }
    _tell_how(details, call)
    if (rule := grant.tool.connector.identity) is not None:
        details["identity"] = passed_words(call, rule)
    if call.bound_meta:
        details["meta_digest"] = hashlib.sha256(call.bound_meta).hexdigest()
    return _frame(call, grant).event(
        CALL_INTENT, details, decision=call.gate.kind, reason=_why(call, grant), request_id=call.request_id
    )


def _why(call: Call, grant: Grant) -> str:
    """The rule that allows it, and the scope that let it run, where one did."""
    return grant.reason if grant.open is None else f"{grant.reason} {call.gate.reason}"


def outcome(call: Call, grant: Grant, sent: Sent) -> NewEvent:
    """Step ⑨: what became of the call, with its time in milliseconds and its size in bytes."""
    word, reason = _word(sent)
    spent = call.stopwatch.spent
    upstream = spent[UPSTREAM]
    details: OutcomeDetails = {
        "milliseconds": round((monotonic() - call.began) * 1000, 1),
        "harriet_milliseconds": round((sum(spent) - upstream) * 1000, 2),
        "upstream_milliseconds": round(upstream * 1000, 2),
        "size": sent.size,
        "redacted": sent.redacted,
    }
    if sent.access is not None:
        details["connection"] = str(sent.access.grant_id)
        details["connection_generation"] = sent.access.generation
    if isinstance(sent.told, ToolRefusal) and sent.told.fault:
        details["fault"] = sent.told.fault
    if origin := origin_of(sent):
        details["origin"] = origin
    _tell_how(details, call)
    return _frame(call, grant).event(CALL_OUTCOME, details, outcome=word, reason=reason, request_id=call.request_id)


def refused(call: Call, refusal: GatewayError) -> NewEvent:
    """The event of a call that left nothing: what was asked for, and why not."""
    view = view_of(call.snapshot, call.principal, call.profile)
    tool = row_named(view, call)
    how: CallDetails = {}
    _tell_how(how, call)
    happened = CallRefused(
        person=call.principal.person,
        device=call.principal.device,
        client=call.client,
        token_hint=call.principal.token_hint,
        connector=Label(tool.connector.id, tool.connector.name) if tool else None,
        tool=Label(tool.id, name_with_kind(tool.kind, tool.name)) if tool else None,
        profile=Label(call.profile.id, call.profile.name),
        ticket=call.ticket,
        reason=refusal.reason if isinstance(refusal, NotOffered | InsufficientScope | Stopped) else refusal.message,
        asked_for=call.name[:LONGEST],
        **how,
    )
    organization_id, actor = call.snapshot.facts.id, call.principal.actor
    return compose(happened, organization_id=organization_id, actor=actor, request_id=call.request_id)


def row_named(view: View, call: Call) -> ToolRow | None:
    """What the call names, whether or not the caller may use it."""
    grant, kind = named_by(call, view)
    return grant.tool if grant else view.hidden.get((kind, call.name))


def _tell_how(details: CallDetails, call: Call) -> None:
    """Of anything but a tool's call: the method, and the resource that was asked for."""
    if call.method != TOOLS_CALL:
        details["method"] = call.method
        if call.connector_id is not None:
            details["uri"] = call.name[:LONGEST]


def _frame(call: Call, grant: Grant) -> Frame:
    """The same caller uses the same tool again and again; a ticket is of one call."""
    if call.ticket is not None:
        return _new_frame(call, grant)
    frames = call.snapshot.frames
    key = (id(call.principal), id(grant), call.client)
    kept = frames.get(key)
    if kept is None:
        if len(frames) >= FRAMES:
            frames.clear()
        kept = frames[key] = KeptFrame(call.principal, grant, _new_frame(call, grant))
    return kept.frame


def _new_frame(call: Call, grant: Grant) -> Frame:
    tool, connector = grant.tool, grant.tool.connector
    return Frame(
        organization_id=call.snapshot.facts.id,
        actor=call.principal.actor,
        person=call.principal.person,
        device=call.principal.device,
        client=call.client,
        connector=Label(connector.id, connector.name),
        tool=Label(tool.id, name_with_kind(tool.kind, tool.name)),
        profile=Label(call.profile.id, call.profile.name),
        ticket=call.ticket,
        token_hint=call.principal.token_hint,
    )


def _word(sent: Sent) -> tuple[str, str]:
    problem = sent.problem
    if problem is None:
        notes = " ".join(dict.fromkeys(sent.notes))[:LONGEST_NOTES]
        return ("error", f"The tool itself reported an error. {notes}".strip()) if sent.is_error else ("ok", notes)
    if isinstance(problem, Stopped):
        return "unknown" if problem.is_outcome_open else "cancelled", problem.reason
    if isinstance(problem, asyncio.CancelledError):
        return "cancelled", str(problem.args[0]) if problem.args else "The client cancelled the call."
    if isinstance(problem, TimeoutError | UpstreamTimeout):
        return "timeout", "The server did not answer in time."
    if isinstance(problem, UpstreamSaidError):
        return "error", _refused_with(problem)
    if sent.has_left and not sent.is_answered and not isinstance(problem, Problem):
        return "unknown", str(sent.told)
    return "error", str(sent.told or "")


def _refused_with(problem: UpstreamSaidError) -> str:
    """The server's own words, out of which the secrets have been taken already."""
    error = said_by(problem)
    code = f" ({error.code})" if error.code else ""
    if not isinstance(error.message, str) or not error.message:
        return _REFUSED
    return f"The server refused the call{code}: {quoted(error.message, QUOTED)}."
