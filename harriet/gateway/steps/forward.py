"""Steps ⑦ and ⑧: the call on its way to the server, and its answer made fit to be seen."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from connectors.access.pinned import Pinned
from connectors.models import Tool
from connectors.transports.base import Caller, Endpoint, Request, UpstreamAnswer
from harriet.gateway.content.methods import COMPLETION, PROMPT, RESOURCE, TOOL
from harriet.gateway.content.results import INPUT_REQUIRED, MEND, MENDS, Fields
from harriet.gateway.errors import GatewayError, ToolRefusal, UpstreamSaidError
from harriet.gateway.policy.view import Grant
from harriet.gateway.steps.notifications import Relay
from harriet.gateway.steps.request import Call, Sent
from harriet.gateway.steps.schema import OUTPUT
from harriet.gateway.steps.uris import with_shown_uris
from harriet.lib.redaction import Redactor
from vault.opened import OpenCredential

if TYPE_CHECKING:
    from harriet.gateway.runtime import Runtime

T = TypeVar("T")
_decode_fields = msgspec.json.Decoder(Fields).decode
_COMPLETE = msgspec.Raw(b'"complete"')
LONGEST_NUMBER = 4000
"""Digits of a whole number; Python refuses to read many more."""
_TRUE, _NULL = msgspec.Raw(b"true"), msgspec.Raw(b"null")


async def forward(
    call: Call, grant: Grant, credential: OpenCredential, redactor: Redactor | None, runtime: Runtime, sent: Sent
) -> UpstreamAnswer:
    """One request to the server, with one deadline over everything but the time in which people answer."""
    connector = grant.tool.connector
    era = grant.tool.era_for(call.speaks_sessions)
    endpoint = Endpoint(connector.id, connector.url, connector.reach, era)
    sealed = call.snapshot.credentials.get(connector.id)
    heard = partial(runtime.hub.watchers.heard, call.snapshot.facts.slug, (connector.id, era))
    relay = Relay(call, redactor, heard, has_logs="logging" in connector.capabilities)
    asked = call.asker.capabilities
    request = request_to(call, grant, relay.meta())
    sent.has_left = True
    return await runtime.transport.request(
        endpoint,
        credential,
        request,
        caller=Caller(
            session_key=(call.session_key or call.principal.token_id, connector.revision, sealed and sealed.version),
            capabilities=msgspec.json.encode(asked, order="deterministic") if asked else b"{}",
            alone=None if call.has_session else call.principal.token_id,
            roots_version=call.roots_version,
        ),
        deadline=runtime.deadline_seconds,
        on_notification=relay.pass_on,
        on_question=relay.ask if asked else None,
        on_stream=relay,
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
    schema = row.pinned_for(call.speaks_sessions).definition.get("inputSchema", {})
    return Request(TOOL, members, row.name, call.arguments, schema, meta)


def cleaned(answer: UpstreamAnswer, call: Call, grant: Grant, sent: Sent) -> Fields:
    """The result without secrets, put right. Raises UpstreamSaidError and ToolRefusal."""
    raw = answer.result if answer.result is not None else answer.error or b"{}"
    sent.size, sent.is_answered = sent.size + len(raw), True
    if sent.redactor is not None:
        raw, redacted = sent.redactor.in_json(raw)
        sent.redacted += redacted
    if answer.result is None:
        raise UpstreamSaidError(raw)
    sent.notes += answer.notes
    fields = _fields(raw)
    kind = fields.get("resultType", _NULL)
    if kind == INPUT_REQUIRED:
        return fields
    if kind not in (_COMPLETE, _NULL):
        raise ToolRefusal(_RAN.format(f"it is of a kind that Harriet doesn't know ({_quoted(kind)})"))
    if MENDS[call.method](fields, call.name):
        sent.notes.append(MEND)
    sent.is_error = fields.get("isError") == _TRUE
    return with_shown_uris(fields, grant, call.profile)


_RAN = "The server carried out the call, but its answer was not passed on: {}."


def _fields(raw: bytes) -> Fields:
    try:
        return _decode_fields(raw)
    except msgspec.MsgspecError:
        raise ToolRefusal(_RAN.format("it is not a JSON object")) from None


def _quoted(raw: msgspec.Raw) -> str:
    return bytes(raw)[:40].decode(errors="replace")


async def check_structured(fields: Fields, pinned: Pinned, runtime: Runtime, sent: Sent) -> None:
    """Compares structured content with the pinned output schema. Raises ToolRefusal when it is something else than
    what was accepted; what can't be checked is passed on, and noted."""
    if sent.is_error:
        return
    structured = fields.get("structuredContent")
    if structured is None:
        sent.notes.append("The structured content that the tool promises was not there.")
        return
    size = len(structured)
    checker = runtime.schemas.known(pinned, OUTPUT) or await runtime.schemas.checker(pinned, OUTPUT)
    verdict = checker.check(_parsed(structured) if checker.takes(size) else None, size)
    if verdict.fits:
        return
    if verdict.fits is None:
        sent.notes.append(f"The answer was passed on unchecked. {verdict.words}".strip())
    else:
        promise = "it doesn't fit the output schema that your IT admin accepted for this tool"
        raise ToolRefusal(_RAN.format(f"{promise}: {verdict.words}" if verdict.words else promise))


def _parsed(structured: msgspec.Raw) -> Any:
    """As clients read it: the last of two members of one name counts. A number beyond Python's is still a number."""
    try:
        return msgspec.json.decode(structured)
    except (msgspec.MsgspecError, ValueError):
        return _with_any_number(bytes(structured).decode())


def _nearest(number: str) -> float:
    return max(-sys.float_info.max, min(float(number), sys.float_info.max))


_with_any_number = json.JSONDecoder(
    parse_float=_nearest, parse_int=lambda digits: int(digits) if len(digits) < LONGEST_NUMBER else _nearest(digits)
).decode


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
