"""THE governed call. Whatever a client asks of a server leaves Harriet through `governed_call`, from top to bottom.

The numbers are those of the product's description: ① authenticate (done before: `principal.py`) ② authorize and
validate ③ preprocess ④ gate ⑤ audit the intent ⑥ credential ⑦ forward ⑧ postprocess and redact ⑨ audit the outcome.
There are no hooks yet: ③ and the first half of ⑧ will stand where the comments are.
"""

from __future__ import annotations

import asyncio
import logging

from audit.errors import AuditUnavailable
from connectors.errors import ConnectorError, UpstreamError, UpstreamTimeout
from connectors.models import Tool
from harriet.gateway.content.methods import TOOL
from harriet.gateway.content.results import Fields, asks_for_input
from harriet.gateway.errors import GatewayError, NotOffered, OnTicket, ToolRefusal, Unavailable
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.view import Grant, why_hidden
from harriet.gateway.questions.input_rounds import MOST_ROUNDS, asked_here, passed_on
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps import hold as held
from harriet.gateway.steps import record as account
from harriet.gateway.steps.forward import check_structured, cleaned, forward
from harriet.gateway.steps.request import Call, Sent
from harriet.gateway.steps.schema import INPUT, OUTPUT
from harriet.gateway.steps.stopwatch import AUDIT, AUTHORIZE, CLEAN, GATE, UPSTREAM, VAULT
from harriet.lib.errors import Problem
from vault.errors import VaultError

log = logging.getLogger(__name__)

NOT_KNOWN = "Whether it carried out the call is not known; look before you repeat it."
NOT_MADE = "The call itself was not made."
RAN = "The server had answered: the call was carried out, so look before you repeat it."
PAUSE_BETWEEN_ROUNDS = 0.1
"""Seconds, times the number of the round: a server that keeps asking is not asked faster and faster."""


async def governed_call(call: Call, runtime: Runtime) -> Fields:
    """The fields of the result. Raises GatewayError when the answer is Harriet's own no."""
    try:
        grant = authorize(call)  # ②
        if grant.tool.connector.checks_arguments and call.method == TOOL:
            await check_arguments(call, grant, runtime)
        call.stopwatch.lap(AUTHORIZE)
        # ③ preprocess hooks
        if grant.gate.kind == "hold":  # ④
            held.check_holdable(call)
            runtime.observer.held(call, grant)
            return await held.hold_call(call, grant, runtime, run_call)
        check_health(call, grant, runtime)
        call.stopwatch.lap(GATE)
    except OnTicket:
        raise  # no refusal
    except GatewayError as refusal:
        runtime.ended(call, account.refused(call, refusal))
        raise
    return await run_call(call, grant, runtime)


async def run_call(call: Call, grant: Grant, runtime: Runtime) -> Fields:
    """From ⑤ on, for calls that passed the gate and for calls that a person approved."""
    runtime.observer.begun(call, grant)
    await write_intent(call, grant, runtime)  # ⑤
    sent = Sent()
    try:
        result = await run_round(call, grant, runtime, sent)
        if asks_for_input(result):
            result = await run_rounds(result, call, grant, runtime, sent)
        return result
    except (GatewayError, ConnectorError, VaultError, TimeoutError, asyncio.CancelledError) as problem:
        raise sent.ended_by(problem, explained(problem, grant, sent, runtime)) from None
    except Exception as problem:  # whatever it was: the client hears what became of the call
        log.exception("A call to %s failed in Harriet.", grant.tool.connector.name)
        told = ToolRefusal(f"Something went wrong in Harriet. {_what_became(sent)}")
        raise sent.ended_by(problem, told) from None
    finally:
        runtime.ended(call, account.outcome(call, grant, sent))  # ⑨
        note_use(call, grant, runtime, sent)


async def run_round(call: Call, grant: Grant, runtime: Runtime, sent: Sent) -> Fields:
    """One request to the server. The credential is open for this long, and no longer."""
    sealed = call.snapshot.credentials.get(grant.tool.connector.id)
    with call.snapshot.opener.credential(sealed) as credential:  # ⑥
        sent.redactor = runtime.redactor(sealed, credential)
        call.stopwatch.lap(VAULT)
        try:
            answer = await forward(call, grant, credential, sent.redactor, runtime, sent)  # ⑦
        finally:
            call.stopwatch.lap(UPSTREAM)
        # ⑧ postprocess hooks
        result = cleaned(answer, call, grant, sent)  # ⑧
        if call.method == TOOL:
            pinned = grant.tool.pinned_for(call.speaks_sessions)
            if pinned.definition.get(OUTPUT) and not asks_for_input(result):
                await check_structured(result, pinned, runtime, sent)
        call.stopwatch.lap(CLEAN)
        return result


async def run_rounds(result: Fields, call: Call, grant: Grant, runtime: Runtime, sent: Sent) -> Fields:
    """The server asks back: the client answers in the same request, or with its next one (2026-07-28)."""
    for number in range(MOST_ROUNDS):
        if not call.asker.is_inline:
            return passed_on(result, call, grant, runtime)
        call.more = await asked_here(result, call, grant)
        await asyncio.sleep(PAUSE_BETWEEN_ROUNDS * number)
        call.stopwatch.skip()
        result = await run_round(call, grant, runtime, sent)
        if not asks_for_input(result):
            return result
    raise ToolRefusal(f"{grant.tool.connector.name} did not stop asking for more input, so the call was ended.")


def authorize(call: Call) -> Grant:
    """The grant for this. Raises NotOffered, the same for what isn't there and for what isn't theirs."""
    view = view_of(call.snapshot, call.principal, call.profile)
    if call.method == TOOL:
        grant, kind = view.grants.get(call.name), Tool.Kind.TOOL
    elif call.connector_id is None:
        grant, kind = view.prompts.get(call.name), Tool.Kind.PROMPT
    else:
        grant, kind = view.resources.get(call.connector_id), Tool.Kind.RESOURCES
    if grant is None:
        raise NotOffered(kind, call.name, why_hidden(view, kind, call.name, call.principal, call.profile))
    return grant


async def check_arguments(call: Call, grant: Grant, runtime: Runtime) -> None:
    """For connectors whose admin wants it; otherwise what a server takes is its own business. Raises ToolRefusal with
    what is wrong, for the model to correct. A schema that can't be compiled refuses nothing: the admin was told."""
    checker = await runtime.schemas.checker(grant.tool.pinned_for(call.speaks_sessions), INPUT)
    verdict = checker.check(call.values, len(call.arguments))
    if verdict.fits is False:
        raise ToolRefusal(f"The arguments don't fit the tool's schema. {verdict.words}".strip())
    if verdict.fits is None and checker.can_check:
        raise ToolRefusal(f"The arguments can't be checked, as this connector asks for. {verdict.words}")


def check_health(call: Call, grant: Grant, runtime: Runtime) -> None:
    """Raises ToolRefusal while the server is down, except for the one call that tries whether it still is."""
    connector = grant.tool.connector
    if runtime.pauses.is_paused(connector):
        since = call.snapshot.down_since.get(connector.id)
        raise ToolRefusal(account.down_sentence(connector, since))


async def write_intent(call: Call, grant: Grant, runtime: Runtime) -> None:
    """Returns when the intent is durable. Raises Unavailable: no audit, no call."""
    try:
        await runtime.audit.write(account.intent(call, grant))
    except AuditUnavailable:
        raise Unavailable(
            "The audit log can't be written at the moment, so the call was not made. Try again in a moment."
        ) from None
    finally:
        call.stopwatch.lap(AUDIT)


def explained(problem: BaseException, grant: Grant, sent: Sent, runtime: Runtime) -> BaseException:
    """What the client is told. Says what became of the server to everyone else."""
    if isinstance(problem, GatewayError | asyncio.CancelledError):
        return problem
    redactor = sent.redactor
    if isinstance(problem, UpstreamError) and redactor is not None:
        problem.clean(lambda text: redactor.in_text(text)[0])  # the server's own words are quoted in it
    message = problem.message if isinstance(problem, Problem) else ""
    account.record_health_of(problem, message, grant, runtime)
    return ToolRefusal(_with_outcome(problem, message, grant, runtime))


def _with_outcome(problem: BaseException, message: str, grant: Grant, runtime: Runtime) -> str:
    """What went wrong, and what that means for the call; no more than is known."""
    if not isinstance(problem, UpstreamError | TimeoutError):
        return message
    if isinstance(problem, UpstreamError) and not problem.was_made:
        return f"{message} {NOT_MADE}"
    if isinstance(problem, UpstreamError) and not problem.is_outcome_open:
        return message
    if isinstance(problem, TimeoutError | UpstreamTimeout):
        more = f" {problem.advice}" if isinstance(problem, UpstreamTimeout) and problem.advice else ""
        seconds = f"{runtime.deadline_seconds:g}"
        message = f"{grant.tool.connector.name} did not answer within {seconds} seconds.{more}"
    return f"{message} {NOT_KNOWN}"


def _what_became(sent: Sent) -> str:
    if sent.is_answered:
        return RAN
    return NOT_KNOWN if sent.has_left else NOT_MADE


def note_use(call: Call, grant: Grant, runtime: Runtime, sent: Sent) -> None:
    if sent.is_answered:
        account.record_up(grant, runtime)
    runtime.seen.used(call.principal, grant, call.snapshot)
