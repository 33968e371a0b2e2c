"""Step ⑧: the server's answer, made fit to be seen; and a no of ours in the shape of an answer."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from connectors.access.pinned import Pinned
from connectors.transports.base import UpstreamAnswer
from harriet.gateway.content.blocks import NULL, TRUE
from harriet.gateway.content.results import COMPLETE, INPUT_REQUIRED, MEND, MENDS, Fields
from harriet.gateway.errors import GatewayError, LimitReached, ToolRefusal, UpstreamSaidError
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.request import Call, Sent
from harriet.gateway.steps.schema import OUTPUT, Schemas
from harriet.gateway.steps.uris import with_shown_uris

LONGEST_NUMBER = 4000
"""Digits of a whole number; Python refuses to read many more."""
_RAN = (
    "The server carried out the call, but its answer was not passed on: {}. Don't repeat it to see the answer; show "
    "this message to your IT team."
)
_decode_fields = msgspec.json.Decoder(Fields).decode


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
    kind = fields.get("resultType", NULL)
    if kind == INPUT_REQUIRED:
        return fields
    if kind not in (COMPLETE, NULL):
        raise _unusable(f"it is of a kind that Harriet doesn't know ({_quoted(kind)})")
    if MENDS[call.method](fields, call.name):
        sent.notes.append(MEND)
    sent.is_error = fields.get("isError") == TRUE
    return with_shown_uris(fields, grant, call.profile)


def _fields(raw: bytes) -> Fields:
    try:
        return _decode_fields(raw)
    except msgspec.MsgspecError:
        raise _unusable("it is not a JSON object") from None


def _unusable(why: str) -> ToolRefusal:
    return ToolRefusal(_RAN.format(why), may_have_run=True)


def _quoted(raw: msgspec.Raw) -> str:
    return bytes(raw)[:40].decode(errors="replace")


async def check_structured(fields: Fields, pinned: Pinned, schemas: Schemas, sent: Sent) -> None:
    """Compares structured content with the pinned output schema. Raises ToolRefusal when it is something else than
    what was accepted; what can't be checked is passed on, and noted."""
    if sent.is_error:
        return
    structured = fields.get("structuredContent")
    if structured is None:
        sent.notes.append("The structured content that the tool promises was not there.")
        return
    size = len(structured)
    checker = schemas.known(pinned, OUTPUT) or await schemas.checker(pinned, OUTPUT)
    verdict = checker.check(_parsed(structured) if checker.takes(size) else None, size)
    if verdict.fits:
        return
    if verdict.fits is None:
        sent.notes.append(f"The answer was passed on unchecked. {verdict.words}".strip())
    else:
        promise = "it doesn't fit the output schema that your IT admin accepted for this tool"
        raise _unusable(f"{promise}: {verdict.words}" if verdict.words else promise)


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


def error_result(problem: GatewayError) -> Fields:
    """A no that the model should read: the tool's own error."""
    content = [{"type": "text", "text": problem.message}]
    fields = {"content": msgspec.Raw(msgspec.json.encode(content)), "isError": TRUE}
    if isinstance(problem, LimitReached):
        fields["structuredContent"] = msgspec.Raw(msgspec.json.encode(problem.data))
        fields["_meta"] = msgspec.Raw(msgspec.json.encode({"harriet/limit": problem.data["limit"]}))
    return fields
