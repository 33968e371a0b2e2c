"""THE governed call. Whatever a client asks of a server leaves Harriet through `governed_call`, from top to bottom.

The numbers are those of the product's description: ① authenticate (done before: `policy/principal.py`) ② authorize and
validate ③ preprocess ④ gate ⑤ audit the intent ⑥ credential ⑦ forward ⑧ postprocess and redact ⑨ audit the outcome.
Each step is a file in `steps/`, and is handed what it uses; what limits how often somebody calls is in `limits/`. There
are no hooks yet: ③ and the first half of ⑧ will stand where the comments are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from functools import partial

from audit.errors import AuditUnavailable
from connectors.errors import ConnectorError
from harriet.gateway.builtin.tools import run_own
from harriet.gateway.content.results import Fields, asks_for_input
from harriet.gateway.errors import GatewayError, InsufficientScope, OnTicket, Stopped, ToolRefusal, Unavailable
from harriet.gateway.policy.grant import Grant
from harriet.gateway.questions.account import account_wanted, check_account, with_token
from harriet.gateway.questions.input_rounds import MOST_ROUNDS, asked_here, passed_on
from harriet.gateway.questions.ticket_link import link_shown
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.access import opened_with
from harriet.gateway.steps.answer import check_structured, cleaned
from harriet.gateway.steps.authorize import authorize, check_arguments
from harriet.gateway.steps.explain import explained, unexpected
from harriet.gateway.steps.forward import forward
from harriet.gateway.steps.gate import decided
from harriet.gateway.steps.hold import check_holdable, hold_call
from harriet.gateway.steps.identity import add_identity, check_identity
from harriet.gateway.steps.record import intent, outcome, refused
from harriet.gateway.steps.request import Call, Sent
from harriet.gateway.steps.schema import OUTPUT
from harriet.gateway.steps.stops import UnderWay
from harriet.gateway.steps.stopwatch import AUDIT, AUTHORIZE, CLEAN, GATE, UPSTREAM, VAULT
from harriet.lib.errors import Problem
from harriet.lib.mcp.methods import TOOLS_CALL
from vault.errors import VaultError
from vault.oauth.tokens import SealedAccess

log = logging.getLogger(__name__)

PAUSE_BETWEEN_ROUNDS = 0.1
"""Seconds, times the number of the round: a server that keeps asking is not asked faster and faster."""


async def governed_call(call: Call, runtime: Runtime) -> Fields:
    """The fields of the result. Raises GatewayError when the answer is Harriet's own no."""
    try:
        grant = authorize(call)  # ②
        if grant.tool.connector.identity is not None:
            check_identity(call, grant)
        if grant.tool.connector.checks_arguments and call.method == TOOLS_CALL:
            await check_arguments(call, grant, runtime.schemas)
        runtime.stops.check(call, grant)
        call.stopwatch.lap(AUTHORIZE)
        if runtime.limits.is_for_one_call:
            await runtime.limits.learn(call, grant)
        # ③ preprocess hooks
        call.gate = decided(call, grant, runtime.limits.check(call, grant), runtime.snapshots.unix_now())  # ④
        if call.gate.kind == "hold":
            check_holdable(call, grant)
            await check_account(call, grant, runtime.accesses)
            runtime.observer.held(call, grant)
            return await hold_call(call, grant, runtime.holding, partial(run_call, runtime=runtime), link_shown)
        runtime.pauses.check(grant.tool.connector)
        runtime.failing_tools.check(call, grant.tool)
        call.stopwatch.lap(GATE)
    except OnTicket:
        raise  # no refusal
    except GatewayError as refusal:
        runtime.ended(call, refused(call, refusal))
        if isinstance(refusal, InsufficientScope):
            runtime.last_used.beyond_scope(call.principal, call.name)
        raise
    return await run_call(call, grant, runtime)


async def run_call(call: Call, grant: Grant, runtime: Runtime) -> Fields:
    """From ⑤ on, for calls that passed the gate and for calls that a person approved."""
    sent, under_way = Sent(), begun(call, grant, runtime)
    try:
        runtime.limits.count(call, grant)
        runtime.observer.begun(call, grant)
        await write_intent(call, grant, runtime, sent, under_way)  # ⑤
        return await _carried_out(call, grant, runtime, sent, under_way)
    finally:
        runtime.stops.end(under_way)


async def _carried_out(call: Call, grant: Grant, runtime: Runtime, sent: Sent, under_way: UnderWay) -> Fields:
    """From ⑥ on. Whatever it ends by, the log has its outcome."""
    try:
        result = await one_round(call, grant, runtime, sent)
        if asks_for_input(result):
            result = await run_rounds(result, call, grant, runtime, sent)
        return result
    except (GatewayError, ConnectorError, VaultError, TimeoutError, asyncio.CancelledError) as caught:
        problem = under_way.cause_of(caught, sent)
        told = explained(problem, grant, sent, runtime.pauses, runtime.upstream.deadline_seconds)
        raise sent.ended_by(problem, told) from None
    except Exception as problem:  # whatever it was: the client hears what became of the call
        log.exception("A call to %s failed in Harriet.", grant.tool.connector.name)
        raise sent.ended_by(problem, unexpected(sent)) from None
    finally:
        runtime.ended(call, outcome(call, grant, sent))  # ⑨
        note_use(call, grant, runtime, sent)


async def run_round(
    call: Call, grant: Grant, runtime: Runtime, sent: Sent, access: SealedAccess | None = None
) -> Fields:
    """One request to the server. The credential is open for this long, and no longer."""
    sealed, upstream = call.snapshot.credentials.get(grant.tool.connector.id), runtime.upstream
    opener = call.snapshot.opener
    with opener.credential(sealed) if access is None else opened_with(access, opener) as credential:  # ⑥
        sent.redactor = (
            upstream.redactor(sealed, credential) if access is None else runtime.accesses.redactor(access, credential)
        )
        if grant.tool.connector.identity is not None:
            add_identity(call, grant, credential, sent, runtime.passed_tokens)
        call.stopwatch.lap(VAULT)
        try:
            answer = await forward(call, grant, credential, upstream, runtime.on_list_change, sent)  # ⑦
        finally:
            call.stopwatch.lap(UPSTREAM)
        # ⑧ postprocess hooks
        result = cleaned(answer, call, grant, sent)  # ⑧
        if call.method == TOOLS_CALL:
            pinned = grant.tool.pinned_for(call.speaks_sessions)
            if pinned.definition.get(OUTPUT) and not asks_for_input(result):
                await check_structured(result, pinned, runtime.schemas, sent)
        call.stopwatch.lap(CLEAN)
        return result


def one_round(call: Call, grant: Grant, runtime: Runtime, sent: Sent) -> Awaitable[Fields]:
    """With what the connector signs in with: a secret, or the token of an account. Harriet's own tools need neither."""
    if grant.is_own:
        return run_own(call, grant)
    sealed = account_wanted(call, grant)
    if sealed is None:
        return run_round(call, grant, runtime, sent)
    return with_token(partial(run_round, call, grant, runtime, sent), sealed, call, grant, runtime.accesses, sent)


async def run_rounds(result: Fields, call: Call, grant: Grant, runtime: Runtime, sent: Sent) -> Fields:
    """The server asks back: the client answers in the same request, or with its next one (2026-07-28)."""
    for number in range(MOST_ROUNDS):
        if not call.asker.is_inline:
            return passed_on(result, call, grant, runtime.snapshots.unix_now())
        call.more = await asked_here(result, call, grant)
        await asyncio.sleep(PAUSE_BETWEEN_ROUNDS * number)
        call.stopwatch.skip()
        result = await one_round(call, grant, runtime, sent)
        if not asks_for_input(result):
            return result
    raise ToolRefusal(
        f"{grant.tool.connector.name} did not stop asking for more input, so the call was ended. "
        "Give everything in the arguments; if it goes on, show this message to your IT team."
    )


def begun(call: Call, grant: Grant, runtime: Runtime) -> UnderWay:
    """From now on a stop ends the call. Raises Stopped where one came while the call waited."""
    try:
        return runtime.stops.begin(call, grant)
    except Stopped as refusal:
        runtime.ended(call, refused(call, refusal))
        raise


async def write_intent(call: Call, grant: Grant, runtime: Runtime, sent: Sent, under_way: UnderWay) -> None:
    """Returns when the intent is durable. Raises Unavailable: no audit, no call. Where the call ends here, its intent
    may be durable all the same: so the log has an outcome."""
    try:
        await _durable_intent(call, grant, runtime)
    except BaseException as caught:
        problem = under_way.cause_of(caught, sent)
        sent.ended_by(problem, problem if isinstance(problem, Problem) else unexpected(sent))
        runtime.ended(call, outcome(call, grant, sent))
        if problem is caught:
            raise
        raise problem from None


async def _durable_intent(call: Call, grant: Grant, runtime: Runtime) -> None:
    try:
        await runtime.audit.write(intent(call, grant))
    except AuditUnavailable:
        raise Unavailable(
            "The audit log can't be written at the moment, so the call was not made. Try again in a moment, "
            "and tell your IT team if it stays like this."
        ) from None
    finally:
        call.stopwatch.lap(AUDIT)


def note_use(call: Call, grant: Grant, runtime: Runtime, sent: Sent) -> None:
    """For the pages: who used what last, and that the server answers."""
    if sent.is_answered:
        runtime.pauses.saw_answer(grant.tool.connector)
    runtime.failing_tools.saw(call, grant, sent)
    runtime.last_used.used(call.principal, grant, call.snapshot)
