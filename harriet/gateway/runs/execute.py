"""Works at one run, step by step, for as long as there is something to do, while its lease is renewed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic
from uuid import UUID

import msgspec
from django.db import Error as DatabaseError

from approvals.actions.advance_run import advance_run
from approvals.actions.keep_answer import keep_answer, keep_failure
from approvals.queries import approved_call
from approvals.runs.leases import BEAT_EVERY, beat, claim, let_go
from approvals.runs.queries import is_step_sent
from approvals.runs.work import Again, Execute, Rest, Send
from audit.actor import SYSTEM
from audit.writing.writer import AuditWriter
from harriet.gateway.call import governed_call
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import GatewayError, Stopped, ToolRefusal, UpstreamSaidError
from harriet.gateway.processes.database import conninfo, in_database
from harriet.gateway.runs.fence import FencedAudit, GivenUp
from harriet.gateway.runs.identity import call_of
from harriet.gateway.runs.stored import run_stored
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.request import Call
from harriet.lib.ids import new_id

KEEP_TRYING = 30.0
"""Seconds for which an answer waits for a database that is away."""
_PAUSE = 0.5
_ENDED = "The person of this run is no active member any more, or the profile is gone, so the call can't run."
_NO_SNAPSHOT = "The organization is not there any more."


async def work_at(run_id: UUID) -> None:
    """Nothing when somebody else works at it, or it is not due."""
    lease = new_id()
    if not await in_database(claim, run_id, lease):
        return
    async with _renewed(run_id, lease):
        await _go_through(run_id, lease)


async def _go_through(run_id: UUID, lease: UUID) -> None:
    while True:
        work = await in_database(advance_run, run_id, lease, actor=SYSTEM)
        match work:
            case Again():
                continue
            case Send():
                await _make(work)
            case Execute():
                await _execute(work)
            case Rest():
                await in_database(let_go, run_id, lease)
                return


async def _make(send: Send) -> None:
    """A call of a step: it goes through the gate like everybody's, and may end on a ticket."""
    async with _runtime_for(send) as runtime:
        try:
            call = await _call(send, runtime)
            answer = await governed_call(call, runtime)
        except GivenUp:
            return
        except GatewayError as problem:
            await _keep_problem(send, problem, runtime.audit)
            return
        if call.ticket is None or await in_database(is_step_sent, send.step_id):
            await _keep(send, answer, runtime.audit)


async def _execute(work: Execute) -> None:
    """A held call that was approved: with the bytes that were approved, by exactly one."""
    stored = await in_database(approved_call, work.action_id)
    if stored is None:
        return
    async with _runtime_for(work.send) as runtime:
        try:
            answer = await run_stored(stored, runtime, if_ended=_ENDED)
        except GivenUp:
            return
        except Stopped as stopped:
            if stopped.is_outcome_open:
                await _keep_problem(work.send, stopped, runtime.audit)
            return  # else it waits on its ticket, and so does the run
        except GatewayError as problem:
            await _keep_problem(work.send, problem, runtime.audit)
            return
        if answer is not None:
            await _keep(work.send, answer, runtime.audit)


@asynccontextmanager
async def _runtime_for(send: Send) -> AsyncIterator[Runtime]:
    runtime = Runtime()
    runtime.audit = FencedAudit(conninfo(), send.step_id, send.lease)
    try:
        yield runtime
    finally:
        await runtime.stop()


async def _call(send: Send, runtime: Runtime) -> Call:
    """Raises GatewayError when the person may not make it any more."""
    snapshot = await runtime.start_for(send.organization_id)
    if snapshot is None:
        raise GatewayError(_NO_SNAPSHOT)
    return await in_database(call_of, send, snapshot)


async def _keep(send: Send, answer: Fields, audit: AuditWriter) -> None:
    raw = msgspec.json.encode(answer)
    unknown = isinstance(audit, FencedAudit) and audit.may_have_run
    await _persist(partial(keep_answer, send.step_id, raw, is_unknown=unknown, actor=SYSTEM))


async def _keep_problem(send: Send, problem: GatewayError, audit: AuditWriter) -> None:
    reason = problem.message
    if isinstance(problem, UpstreamSaidError):
        reason = f"The server refused the call: {problem.error.decode(errors='replace')}"
    unknown = (isinstance(audit, FencedAudit) and audit.may_have_run) or (
        isinstance(problem, ToolRefusal) and problem.may_have_run
    )
    await _persist(partial(keep_failure, send.step_id, reason, is_unknown=unknown, actor=SYSTEM))


async def _persist(keep: Callable[[], None]) -> None:
    """What became of a call is known here alone: a database that is away is waited for."""
    until = monotonic() + KEEP_TRYING
    while True:
        try:
            return await in_database(keep)
        except DatabaseError:
            if monotonic() > until:
                raise
            await asyncio.sleep(_PAUSE)


@asynccontextmanager
async def _renewed(run_id: UUID, lease: UUID) -> AsyncIterator[None]:
    task = asyncio.create_task(_renew(run_id, lease))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _renew(run_id: UUID, lease: UUID) -> None:
    while True:
        await asyncio.sleep(BEAT_EVERY)
        with suppress(DatabaseError):
            await in_database(beat, run_id, lease)
