"""THE governed call. Whatever leaves Harriet as a tool call leaves through `governed_call`, from top to bottom.

The numbers are those of the product's description: ① authenticate (done before: `principal.py`) ② authorize and
validate ③ preprocess ④ gate ⑤ audit the intent ⑥ credential ⑦ forward ⑧ postprocess and redact ⑨ audit the outcome.
There are no hooks yet: ③ and the first half of ⑧ will stand where the comments are.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from audit.errors import AuditUnavailable
from connectors.errors import ConnectorError, UpstreamTimeout
from connectors.snapshot import ProfileRow
from harriet.lib.errors import Problem
from harriet.lib.ids import new_id
from harriet.lib.redaction import Redactor
from vault.errors import VaultError

from . import account, held
from .errors import GatewayError, ToolRefusal, Unavailable, UnknownTool, UpstreamSaidError
from .forward import Fields, Sent, cleaned, forward
from .policy import Grant, view_of, why_hidden

if TYPE_CHECKING:
    from .compile import Snapshot
    from .principal import Principal
    from .runtime import Runtime


class Stream(Protocol):
    """The way back to the client while a call runs."""

    is_gone: bool

    async def notify(self, message: bytes) -> None: ...

    async def keep_alive(self) -> None: ...


class NoStream:
    """For calls that nobody listens to while they run."""

    is_gone = False

    async def notify(self, message: bytes) -> None:
        return

    async def keep_alive(self) -> None:
        return


@dataclass(slots=True)
class Call:
    """One tools/call as it came in, and who it came from (①)."""

    snapshot: Snapshot
    principal: Principal
    profile: ProfileRow
    name: str
    arguments: bytes
    """The exact bytes that will be sent."""
    values: Any
    """The same, parsed."""
    meta: dict[str, Any] = field(default_factory=dict)
    """The client's `_meta`. Nothing in it is believed."""
    client: str = ""
    stream: Stream = field(default_factory=NoStream)
    request_id: UUID = field(default_factory=new_id)
    began: float = field(default_factory=monotonic)


async def governed_call(call: Call, runtime: Runtime) -> Fields:
    """The fields of the tool's result. Raises GatewayError when the answer is Harriet's own no."""
    try:
        grant = authorize(call)  # ②
        check_arguments(call, grant, runtime)
        # ③ preprocess hooks
        if grant.gate.kind == "hold":  # ④
            return await held.hold_call(call, grant, runtime, run_call)
        check_health(call, grant, runtime)
    except GatewayError as refusal:
        runtime.note(account.refused(call, refusal))
        raise
    return await run_call(call, grant, runtime)


async def run_call(call: Call, grant: Grant, runtime: Runtime) -> Fields:
    """From ⑤ on, for calls that passed the gate and for calls that a person approved."""
    await write_intent(call, grant, runtime)  # ⑤
    sealed = call.snapshot.credentials.get(grant.tool.connector.id)
    sent, redactor = Sent(), None
    try:
        with call.snapshot.opener.credential(sealed) as credential:  # ⑥
            redactor = runtime.redactor(sealed, credential)
            answer = await forward(call, grant, credential, redactor, runtime)  # ⑦
            # ⑧ postprocess hooks
            result = cleaned(answer, grant, redactor, runtime, sent)  # ⑧
        sent.is_passed_on = True
        return result
    except (GatewayError, ConnectorError, VaultError, TimeoutError, asyncio.CancelledError) as problem:
        sent.problem = problem
        sent.told = explained(problem, grant, redactor, runtime)
        raise sent.told from None
    finally:
        runtime.note(account.outcome(call, grant, sent))  # ⑨
        note_use(call, grant, runtime, sent)


def authorize(call: Call) -> Grant:
    """The grant for this tool. Raises UnknownTool, the same for a tool that isn't there and one that isn't theirs."""
    view = view_of(call.snapshot, call.principal, call.profile)
    grant = view.grants.get(call.name)
    if grant is None:
        raise UnknownTool(call.name, why_hidden(view, call.name, call.principal, call.profile))
    return grant


def check_arguments(call: Call, grant: Grant, runtime: Runtime) -> None:
    runtime.schemas.check_arguments(grant.tool.digest, grant.tool.definition, call.values)


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


def explained(problem: BaseException, grant: Grant, redactor: Redactor | None, runtime: Runtime) -> BaseException:
    """What the client is told. Says what became of the server to everyone else."""
    if isinstance(problem, GatewayError | asyncio.CancelledError):
        return problem
    message = problem.message if isinstance(problem, Problem) else ""
    if redactor is not None:
        message, _ = redactor.in_text(message)  # the server's own words are quoted in it
    account.record_health_of(problem, message, grant, runtime)
    if isinstance(problem, TimeoutError | UpstreamTimeout) and getattr(problem, "may_have_run", True):
        seconds = f"{runtime.deadline_seconds:g}"
        return ToolRefusal(
            f"{grant.tool.connector.name} did not answer within {seconds} seconds. Whether it carried out the call is "
            "not known; look before you repeat it."
        )
    return ToolRefusal(message)


def note_use(call: Call, grant: Grant, runtime: Runtime, sent: Sent) -> None:
    if sent.is_answered:
        account.record_up(grant, runtime)
    seen = runtime.seen
    seen.tokens.add(call.principal.token_id)
    seen.tools.add(grant.tool.id)
    if call.principal.device is not None:
        seen.devices.add(call.principal.device.id)
    if grant.tool.connector.id in call.snapshot.credentials:
        seen.credentials.add(grant.tool.connector.id)


__all__ = ["Call", "Grant", "NoStream", "Stream", "UpstreamSaidError", "governed_call", "run_call"]
