"""Steps ⑦ and ⑧: the call on its way to the server, and its answer made fit to be seen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from connectors.transports.base import Endpoint, UpstreamAnswer
from harriet.lib.redaction import Redactor
from vault.open import OpenCredential

from .errors import GatewayError, ToolRefusal, UpstreamSaidError
from .policy import Grant

if TYPE_CHECKING:
    from .call import Call
    from .runtime import Runtime

Fields = dict[str, msgspec.Raw]
"""A result object whose members are still the bytes that the server sent: what we don't know survives."""

_decode_fields = msgspec.json.Decoder(Fields).decode
_decode_notification = msgspec.json.Decoder(dict[str, Any]).decode
_COMPLETE = msgspec.Raw(b'"complete"')
_TRUE = msgspec.Raw(b"true")


@dataclass(slots=True)
class Sent:
    """What became of a call, for the audit log."""

    size: int = 0
    redacted: int = 0
    is_error: bool = False
    is_answered: bool = False
    is_passed_on: bool = False
    problem: BaseException | None = None
    told: BaseException | None = None
    """What the client was told instead of a result; no secrets are in it."""


async def forward(
    call: Call, grant: Grant, credential: OpenCredential, redactor: Redactor | None, runtime: Runtime
) -> UpstreamAnswer:
    """One request to the server, with one deadline over everything."""
    tool = grant.tool
    connector = tool.connector
    endpoint = Endpoint(connector.id, connector.url, connector.reach, connector.era)
    sealed = call.snapshot.credentials.get(connector.id)
    relay = _Relay(call, redactor)
    return await runtime.transport.call(
        endpoint,
        credential,
        session_key=(connector.id, connector.revision, sealed and sealed.version),
        tool=tool.name,
        arguments=call.arguments,
        input_schema=tool.definition.get("inputSchema", {}),
        meta=relay.meta(),
        deadline=runtime.deadline_seconds,
        on_notification=relay.pass_on,
    )


def cleaned(answer: UpstreamAnswer, grant: Grant, redactor: Redactor | None, runtime: Runtime, sent: Sent) -> Fields:
    """The result without secrets, checked. Raises UpstreamSaidError and ToolRefusal."""
    raw = answer.result if answer.result is not None else answer.error or b"{}"
    sent.size, sent.is_answered = len(raw), True
    if redactor is not None:
        raw, sent.redacted = redactor.in_json(raw)
    if answer.result is None:
        raise UpstreamSaidError(raw)
    fields = _fields(raw)
    sent.is_error = fields.get("isError") == _TRUE
    if fields.get("resultType", _COMPLETE) != _COMPLETE:
        raise ToolRefusal(
            f"{grant.tool.connector.name} asks for more input before it answers, which Harriet can't pass on yet."
        )
    _check_structured(fields, grant, runtime, sent)
    return fields


def _fields(raw: bytes) -> Fields:
    try:
        return _decode_fields(raw)
    except msgspec.MsgspecError:
        raise ToolRefusal("The server's answer is not a JSON object, so it was not passed on.") from None


def _check_structured(fields: Fields, grant: Grant, runtime: Runtime, sent: Sent) -> None:
    definition = grant.tool.definition
    if sent.is_error or not definition.get("outputSchema"):
        return
    if "structuredContent" not in fields:
        raise ToolRefusal("The server left out the structured content that the tool promises; nothing was passed on.")
    runtime.schemas.check_result(grant.tool.digest, definition, msgspec.json.decode(fields["structuredContent"]))


class _Relay:
    """Passes a running call's notifications back: with the client's own progress token, and without secrets.

    The server gets a token of ours, because two clients may choose the same one and share an upstream session.
    """

    def __init__(self, call: Call, redactor: Redactor | None) -> None:
        self._call = call
        self._redactor = redactor
        self._token = call.request_id.hex
        self._last: float | None = None

    def meta(self) -> dict[str, Any] | None:
        """The client's `_meta` without what speaks for the connection: the transport writes that itself."""
        known = self._call.meta
        if not known:
            return None
        meta = {key: value for key, value in known.items() if not key.startswith("io.modelcontextprotocol/")}
        if "progressToken" in meta:
            meta["progressToken"] = self._token
        level = known.get(_LOG_LEVEL)
        return {**meta, _LOG_LEVEL: level} if level is not None else meta

    async def pass_on(self, raw: bytes) -> None:
        if self._redactor is not None:
            raw, _ = self._redactor.in_json(raw)
        message = _decode_notification(raw)
        params = message.get("params")
        if message.get("method") == "notifications/progress" and isinstance(params, dict):
            await self._progress(params)
        elif message.get("method") == "notifications/message":
            await self._call.stream.notify(raw)

    async def _progress(self, params: dict[str, Any]) -> None:
        progress = params.get("progress")
        if params.get("progressToken") != self._token or not isinstance(progress, int | float):
            return
        if self._last is not None and progress <= self._last:
            return
        self._last = progress
        params["progressToken"] = self._call.meta["progressToken"]
        await self._call.stream.notify(progress_message(params))


_LOG_LEVEL = "io.modelcontextprotocol/logLevel"


def progress_message(params: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})


async def shielded(task: asyncio.Task[Fields]) -> Fields:
    """Waits for work that must end even when whoever waits for it goes away."""
    task.add_done_callback(_look_at)
    return await asyncio.shield(task)


def _look_at(task: asyncio.Task[Any]) -> None:
    """Keeps asyncio from calling an error unheard that was heard, or that nobody is left to hear."""
    if not task.cancelled():
        task.exception()


def error_result(problem: GatewayError) -> Fields:
    """A no that the model should read: the tool's own error."""
    content = [{"type": "text", "text": problem.message}]
    return {"content": msgspec.Raw(msgspec.json.encode(content)), "isError": _TRUE}
