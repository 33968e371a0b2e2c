"""Steps ⑦ and ⑧: the call on its way to the server, and its answer made fit to be seen."""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from connectors.models import Tool
from connectors.transports.base import Caller, Endpoint, OnNotification, Request, UpstreamAnswer
from connectors.transports.clock import Pace
from harriet.lib.redaction import Redactor
from vault.open import OpenCredential

from .errors import GatewayError, ToolRefusal, UpstreamSaidError
from .logs import is_wanted
from .policy import Grant
from .rounds import INPUT_REQUIRED
from .uris import with_shown_uris

if TYPE_CHECKING:
    from .call import Call
    from .runtime import Runtime

T = TypeVar("T")
Fields = dict[str, msgspec.Raw]
"""A result object whose members are still the bytes that the server sent: what we don't know survives."""

_decode_fields = msgspec.json.Decoder(Fields).decode

_decode_text = msgspec.json.Decoder(str).decode
TOOL, PROMPT, RESOURCE, COMPLETION = "tools/call", "prompts/get", "resources/read", "completion/complete"
METHODS: dict[str, str] = {Tool.Kind.TOOL: TOOL, Tool.Kind.PROMPT: PROMPT, Tool.Kind.RESOURCES: RESOURCE}
"""What uses a thing of a kind."""
log = logging.getLogger(__name__)

_COMPLETE = msgspec.Raw(b'"complete"')
_TRUE = msgspec.Raw(b"true")


class Notification(msgspec.Struct):
    """What a server says in the middle of a request."""

    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")


_decode_notification = msgspec.json.Decoder(Notification).decode


@dataclass(slots=True)
class Sent:
    """What became of a call, for the audit log."""

    size: int = 0
    redacted: int = 0
    is_error: bool = False
    is_answered: bool = False
    is_passed_on: bool = False
    problem: BaseException | None = None
    redactor: Redactor | None = None
    told: BaseException | None = None
    """What the client was told instead of a result; no secrets are in it."""


async def forward(
    call: Call, grant: Grant, credential: OpenCredential, redactor: Redactor | None, runtime: Runtime
) -> UpstreamAnswer:
    """One request to the server, with one deadline over everything but the time in which people answer."""
    connector = grant.tool.connector
    endpoint = Endpoint(connector.id, connector.url, connector.reach, connector.era)
    sealed = call.snapshot.credentials.get(connector.id)
    heard = partial(runtime.hub.watchers.heard, call.snapshot.facts.slug, connector.id)
    relay = Relay(call, redactor, heard, has_logs="logging" in connector.capabilities)
    asked = call.asker.capabilities
    return await runtime.transport.request(
        endpoint,
        credential,
        request_to(call, grant, relay.meta()),
        caller=Caller(
            session_key=(call.session_key or call.principal.token_id, connector.revision, sealed and sealed.version),
            capabilities=msgspec.json.encode(asked, order="deterministic") if asked else b"{}",
            alone=None if call.has_session else call.principal.token_id,
        ),
        deadline=runtime.deadline_seconds,
        on_notification=relay.pass_on,
        on_question=relay.ask if asked else None,
    )


def request_to(call: Call, grant: Grant, meta: dict[str, Any] | None) -> Request:
    """What is sent, under the names that the server knows."""
    row = grant.tool
    if call.method == COMPLETION:
        return Request(call.method, call.arguments[1:-1], meta=meta)
    if row.kind == Tool.Kind.RESOURCES:
        uri = str(call.values["uri"])
        return Request(RESOURCE, b'"uri":' + msgspec.json.encode(uri) + call.more, uri, meta=meta)
    members = b'"name":%b,"arguments":%b%b' % (msgspec.json.encode(row.name), call.arguments, call.more)
    if row.kind == Tool.Kind.PROMPT:
        return Request(PROMPT, members, row.name, meta=meta)
    schema = row.definition.get("inputSchema", {})
    return Request(TOOL, members, row.name, call.arguments, schema, meta)


def cleaned(answer: UpstreamAnswer, call: Call, grant: Grant, runtime: Runtime, sent: Sent) -> Fields:
    """The result without secrets, checked. Raises UpstreamSaidError and ToolRefusal."""
    raw = answer.result if answer.result is not None else answer.error or b"{}"
    sent.size, sent.is_answered = sent.size + len(raw), True
    if sent.redactor is not None:
        raw, redacted = sent.redactor.in_json(raw)
        sent.redacted += redacted
    if answer.result is None:
        raise UpstreamSaidError(raw)
    fields = _fields(raw)
    kind = fields.get("resultType", _COMPLETE)
    if kind == INPUT_REQUIRED:
        return fields
    if kind != _COMPLETE:
        raise ToolRefusal(f"{grant.tool.connector.name} answers in a way that Harriet can't pass on ({_quoted(kind)}).")
    sent.is_error = fields.get("isError") == _TRUE
    if call.method == TOOL:
        _check_structured(fields, grant, runtime, sent)
    return with_shown_uris(fields, grant, call.profile)


def _fields(raw: bytes) -> Fields:
    try:
        return _decode_fields(raw)
    except msgspec.MsgspecError:
        raise ToolRefusal("The server's answer is not a JSON object, so it was not passed on.") from None


def _quoted(raw: msgspec.Raw) -> str:
    return bytes(raw)[:40].decode(errors="replace")


def _check_structured(fields: Fields, grant: Grant, runtime: Runtime, sent: Sent) -> None:
    definition = grant.tool.definition
    if sent.is_error or not definition.get("outputSchema"):
        return
    if "structuredContent" not in fields:
        raise ToolRefusal("The server left out the structured content that the tool promises; nothing was passed on.")
    runtime.schemas.check_result(grant.tool.digest, definition, msgspec.json.decode(fields["structuredContent"]))


class Relay:
    """Passes a running call's notifications back: with the client's own progress token, and without secrets.

    The server gets a token of ours, because two clients may choose the same one and share an upstream session.
    """

    def __init__(self, call: Call, redactor: Redactor | None, heard: OnNotification, *, has_logs: bool) -> None:
        self._call = call
        self._heard = heard
        self._changes: Pace | None = None
        self._logs = has_logs and call.log_level != ""
        self._redactor = redactor
        self._token = ""
        self._last = -math.inf

    def meta(self) -> dict[str, Any] | None:
        """The client's `_meta` without what speaks for the connection or for Harriet."""
        known = self._call.meta
        if not known and not self._logs:
            return None
        meta = {key: value for key, value in known.items() if is_passed_on(key)}
        if "progressToken" in meta:
            meta["progressToken"] = self._token = self._call.request_id.hex
        if self._logs:
            meta[_LOG_LEVEL] = self._call.log_level
        return meta or None

    async def pass_on(self, raw: bytes) -> None:
        """What is in a message stays as it was written: numbers that no computer counts with are text to us."""
        if self._redactor is not None:
            raw, _ = self._redactor.in_json(raw)
        try:
            message = _decode_notification(raw)
        except msgspec.MsgspecError:
            log.info("A message in the middle of the request %s was no notification.", self._call.request_id)
            return
        method = message.method
        if method == "notifications/progress":
            await self._progress(_fields_in(message.params))
        elif method in CHANGES:
            await self._changed(raw)
        elif method in _IN_STREAM or (method == "notifications/message" and self._is_wanted_log(message)):
            await self._call.stream.notify(raw)

    async def _changed(self, raw: bytes) -> None:
        """As if it had come on the stream on which the server says what belongs to no request: many have none."""
        if self._changes is None:
            self._changes = Pace(BURST, PER_SECOND)
        await self._changes.keep()
        await self._heard(raw)

    def _is_wanted_log(self, message: Notification) -> bool:
        return is_wanted(_text_in(_fields_in(message.params), "level"), self._call.log_level)

    async def ask(self, method: str, params: bytes) -> bytes:
        """What the server asks the client's side, and the answer."""
        if self._redactor is not None:
            params, _ = self._redactor.in_json(params)
        return await self._call.asker.ask(method, params)

    async def _progress(self, params: Fields) -> None:
        progress = _number_in(params, "progress")
        if not self._token or _text_in(params, "progressToken") != self._token or not progress > self._last:
            return
        self._last = progress
        params["progressToken"] = msgspec.Raw(msgspec.json.encode(self._call.meta["progressToken"]))
        await self._call.stream.notify(progress_message(params))


def _fields_in(raw: msgspec.Raw) -> Fields:
    """Empty for what is no object."""
    try:
        return _decode_fields(raw)
    except msgspec.MsgspecError:
        return {}


def _text_in(fields: Fields, name: str) -> str:
    try:
        return _decode_text(fields.get(name, b'""'))
    except msgspec.MsgspecError:
        return ""


def _number_in(fields: Fields, name: str) -> float:
    """Infinite beyond what a float holds; no number, when it is none."""
    try:
        return float(bytes(fields.get(name, b"")))
    except ValueError:
        return math.nan


_LOG_LEVEL = "io.modelcontextprotocol/logLevel"
_RESERVED = frozenset({"modelcontextprotocol", "mcp"})
BURST, PER_SECOND = 200, 20.0
"""How fast changes are heard in the stream of a call; beyond, the server is read more slowly."""
CHANGES = frozenset(
    {
        "notifications/tools/list_changed",
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
    }
)
_IN_STREAM = frozenset({"notifications/elicitation/complete"})


@lru_cache(1024)
def is_passed_on(key: str) -> bool:
    """Whether a key of a client's `_meta` is the client's own. What the protocol reserves (SPEC basic, `_meta`: by the
    second label of its prefix) speaks for the connection, which is ours; Harriet's own keys nobody else writes."""
    prefix, slash, _ = key.lower().partition("/")
    labels = prefix.split(".") if slash else []
    return not (labels and (labels[0] == "harriet" or _RESERVED.intersection(labels[:2])))


def progress_message(params: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})


async def shielded(task: asyncio.Task[T]) -> T:
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
