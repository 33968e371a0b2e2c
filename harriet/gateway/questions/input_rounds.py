"""Requests that a 2026-07-28 server answers with questions (`input_required`), in rounds until the answer is there."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from harriet.gateway.content.blocks import raw
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.questions.readable import is_readable
from harriet.gateway.questions.request_state import seal_state
from harriet.gateway.questions.rules import may_be_asked
from harriet.gateway.steps.request import Call

MOST_ROUNDS = 20
"""In one call."""
MOST_QUESTIONS = 32
"""In one round."""
_NO_SENSE = (
    "{0} asked for more input in a way that makes no sense, so nobody was asked. Whether it did anything before it "
    "asked is not known: look before you repeat the call, and show this message to your IT team."
)

_NO_STATE = "The server asked back in a way that makes no sense, so nobody was asked. Show this to your IT team."
_ANSWER_IT = "Call again, and answer what it asks."


class InputRequest(msgspec.Struct):
    """One question of a server, in the result of a request (SPEC 2026-07-28 mrtr)."""

    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")


_REQUESTS = msgspec.json.Decoder(dict[str, InputRequest]).decode
_TEXT = msgspec.json.Decoder(str).decode
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def input_requests(fields: Fields, call: Call, grant: Grant) -> dict[str, InputRequest]:
    """What the server asks. Raises ToolRefusal for what the client can't be asked, or what makes no sense."""
    try:
        requests = _REQUESTS(fields.get("inputRequests", b"{}"))
    except msgspec.MsgspecError:
        raise ToolRefusal(_NO_SENSE.format(grant.tool.connector.name)) from None
    if len(requests) > MOST_QUESTIONS or not (requests or "requestState" in fields):
        raise ToolRefusal(_NO_SENSE.format(grant.tool.connector.name))
    for request in requests.values():
        if not may_be_asked(call.asker.capabilities, request.method, request.params):
            raise ToolRefusal(
                f"{grant.tool.connector.name} needs to ask something ({request.method[:40]}), which "
                f"{call.asker.why_not}"
            )
        if not is_readable(request.method, request.params):
            raise ToolRefusal(_NO_SENSE.format(grant.tool.connector.name))
    return requests


def passed_on(fields: Fields, call: Call, grant: Grant, now: float) -> Fields:
    """The questions as the client's result, with the server's state sealed into one of ours. `now`: seconds since 1970,
    by the database."""
    input_requests(fields, call, grant)
    if "requestState" not in fields:
        return fields
    return {**fields, "requestState": raw(seal_state(call, now, upstream=_state_in(fields)))}


async def asked_here(fields: Fields, call: Call, grant: Grant) -> bytes:
    """Asks the client while its request is open; the members with which the server is asked again."""
    requests = input_requests(fields, call, grant)
    answers = await asyncio.gather(
        *(call.asker.ask(request.method, bytes(request.params)) for request in requests.values())
    )
    responses = {key: _result_in(answer) for key, answer in zip(requests, answers, strict=True)}
    state = b',"requestState":' + bytes(fields["requestState"]) if "requestState" in fields else b""
    return b',"inputResponses":' + msgspec.json.encode(responses) + state


def _state_in(fields: Fields) -> str:
    try:
        return _TEXT(fields["requestState"])
    except msgspec.MsgspecError:
        raise ToolRefusal(_NO_STATE) from None


def _result_in(member: bytes) -> msgspec.Raw:
    """The `result` of a client's answer. Raises ToolRefusal with what the client said instead."""
    answer: dict[str, Any] = _MEMBERS(b"{" + member + b"}")
    if "result" in answer:
        return msgspec.Raw(bytes(answer["result"]))
    error = msgspec.json.decode(answer["error"])
    said = str(error.get("message", "")) if isinstance(error, dict) else ""
    raise ToolRefusal(f"The server needed more input, and the client did not give it: {said[:200]} {_ANSWER_IT}")
