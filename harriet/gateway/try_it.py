"""“Try it” on a tool's page: an admin's call through the same gate, audited like any other."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any
from uuid import UUID

import msgspec

from approvals.gate import GateDecision
from audit.actor import Actor
from connectors.access.facts import ProfileRow, ScopeRow
from connectors.access.rules import ProfileFacts
from connectors.models import Tool
from harriet.gateway.call import governed_call
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import GatewayError, NotOffered, ToolRefusal, UpstreamSaidError
from harriet.gateway.policy.principal import Principal, load_member, principal_of_person
from harriet.gateway.policy.snapshot import Snapshot, view_of
from harriet.gateway.processes.database import in_database
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.authorize import authorize
from harriet.gateway.steps.gate import judged
from harriet.gateway.steps.request import Call
from harriet.lib.ids import new_id
from harriet.lib.json.canonical import NotRepresentable, parse_strict
from harriet.people.errors import NotFound
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.trust import Trust


@dataclass(frozen=True, slots=True)
class TryResult:
    """What came of it. `verdict` is run, hold or refuse; `error` is a sentence, empty when `result_json` is there."""

    verdict: str
    reason: str
    result_json: str
    error: str
    timings: dict[str, float]


def try_tool(tool_id: UUID, arguments: bytes, *, actor: Actor) -> TryResult:
    """Calls the tool as the admin who tries it. Raises NotAllowed; NotRepresentable for arguments that are no JSON."""
    tool = Tool.objects.select_related("organization").filter(pk=tool_id, kind=Tool.Kind.TOOL).first()
    if tool is None or actor.id is None:
        raise NotFound("There is no such tool.")
    demand(actor, tool.organization, Power.MANAGE_CONNECTORS)
    values = parse_strict(arguments)
    if not isinstance(values, dict):
        raise NotRepresentable("The arguments of a tool are a JSON object.", field="arguments")
    return _in_own_loop(_Attempt(tool.organization_id, tool.connector_id, tool_id, actor, arguments, values))


@dataclass(frozen=True, slots=True)
class _Attempt:
    organization_id: UUID
    connector_id: UUID
    tool_id: UUID
    actor: Actor
    arguments: bytes
    values: dict[str, Any]


def _in_own_loop(attempt: _Attempt) -> TryResult:
    """In a thread of its own: views may run where an event loop is at work already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(_try(attempt))).result()


async def _try(attempt: _Attempt) -> TryResult:
    runtime = Runtime()
    began = monotonic()
    try:
        snapshot = await runtime.start_for(attempt.organization_id)
        if snapshot is None:
            raise NotFound("There is no such organization.")
        call, gate, reason = await in_database(_call, attempt, snapshot)
        ready = monotonic()
        result, error = await _answer(call, gate, reason, runtime)
    finally:
        await runtime.stop()
    timings = {"ready_ms": _ms(ready - began), "call_ms": _ms(monotonic() - ready)}
    return TryResult(gate, reason, result, error, timings)


async def _answer(call: Call, gate: str, reason: str, runtime: Runtime) -> tuple[str, str]:
    if gate == "hold":
        return "", f"{reason} Trying it sends nothing."
    try:
        if gate == "run" and (held := await _held_by_limit(call, runtime)):
            return "", f"{held.reason} Trying it sends nothing."
        return _pretty(await governed_call(call, runtime)), ""
    except UpstreamSaidError as problem:
        return "", f"The server refused the call: {problem.error.decode(errors='replace')}"
    except GatewayError as problem:
        return "", _for_admin(problem)


async def _held_by_limit(call: Call, runtime: Runtime) -> GateDecision | None:
    """Nobody waits for a ticket of an attempt, so none is made."""
    grant = authorize(call)
    await runtime.limits.learn(call, grant)
    return runtime.limits.held(call, grant)


def _for_admin(problem: GatewayError) -> str:
    if isinstance(problem, NotOffered):
        return problem.reason
    return (problem.fault if isinstance(problem, ToolRefusal) else "") or problem.message


def _call(attempt: _Attempt, snapshot: Snapshot) -> tuple[Call, str, str]:
    """A profile made for the attempt: this connector alone, for this person alone. All other rules are real."""
    principal = _principal(attempt, snapshot)
    profile = _profile(attempt, principal)
    view = view_of(snapshot, principal, profile)
    grant = next((one for one in view.grants.values() if one.tool.id == attempt.tool_id), None)
    tool = snapshot.facts.tools.get(attempt.tool_id)
    call = Call(
        snapshot=snapshot,
        principal=principal,
        profile=profile,
        name=tool.shown_name(profile) if tool else "",
        arguments=attempt.arguments,
        values=attempt.values,
        client="Harriet (try it)",
    )
    if grant is None:
        return call, "refuse", "You may not call this tool: it is disabled, quarantined, or not for you."
    decision = judged(call, grant, time())
    return call, decision.kind, grant.reason if decision.kind == "run" else decision.reason


def _principal(attempt: _Attempt, snapshot: Snapshot) -> Principal:
    organization_id = snapshot.facts.id
    member = load_member(organization_id, attempt.actor.id) if attempt.actor.id else None
    if member is None:
        raise NotFound("You are not a member of this organization.")
    return replace(principal_of_person(organization_id, member, new_id(), None), actor=attempt.actor)


def _profile(attempt: _Attempt, principal: Principal) -> ProfileRow:
    facts = ProfileFacts(
        profile_id=new_id(),
        name="Try it",
        connector_ids=frozenset({attempt.connector_id}),
        membership_ids=frozenset(one for one in (principal.caller.membership_id,) if one),
    )
    return ProfileRow(
        id=facts.profile_id,
        slug="try-it",
        name="Try it",
        has_prefix=False,
        facts=facts,
        trust=Trust.AUTONOMOUS,
        scopes=(_scope(attempt),),
    )


def _scope(attempt: _Attempt) -> ScopeRow:
    """Whoever tries a tool has the arguments before them, and their button is the yes to this call. Dangerous tools,
    and those that require confirmation, wait all the same."""
    until = datetime.max.replace(tzinfo=UTC)
    return ScopeRow(new_id(), "Try it", frozenset({attempt.tool_id}), frozenset(), condition="", expires_at=until)


def _pretty(fields: Fields) -> str:
    return msgspec.json.format(msgspec.json.encode(fields), indent=2).decode()


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
