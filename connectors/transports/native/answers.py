"""What a reply means: the answer to pass on, the result to read, or why it is neither."""

from typing import Any

import msgspec

from connectors.errors import UpstreamBroken, UpstreamError, UpstreamRefused
from connectors.transports.base import UpstreamAnswer
from connectors.transports.native import eras
from connectors.transports.native.envelope import Faulty, Mended, error_of, is_error, one_line
from connectors.transports.native.outgoing import ServerReply
from connectors.transports.native.server_words import words_of
from harriet.lib.http.media_types import JSON
from harriet.lib.json.canonical import NotRepresentable
from harriet.lib.json.legible import made_legible
from harriet.lib.json.lenient import Ambiguous, parse_leniently, plain
from harriet.lib.text import excerpt

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_text = msgspec.json.Decoder(str).decode
_raw = msgspec.json.Decoder(msgspec.Raw).decode


def answer_of(reply: ServerReply, request_id: bytes, era: str, method: str) -> UpstreamAnswer:
    """The bytes to pass on. Raises UpstreamError."""
    message = reply.message
    if message is None:
        raise _unexpected(reply, method)
    if isinstance(message, Faulty):
        return _mended_answer(message, era, reply.status, method)
    if not message.error:
        return UpstreamAnswer(one_line(bytes(message.result)), None, era, reply.status)
    if error_of(message).code in eras.OURS_TO_MEND:
        raise _unexpected(reply, method)
    if not is_error(message):
        raise UpstreamRefused("The server answered with an error.", said=words_of(JSON, bytes(message.error)))
    error = with_wait(bytes(message.error), reply.failure.wait if reply.failure is not None else "")
    notes = message.notes if isinstance(message, Mended) else ()
    return UpstreamAnswer(None, one_line(error), era, reply.status, notes)


def _mended_answer(message: Faulty, era: str, status: int, method: str) -> UpstreamAnswer:
    """With every bad string and number replaced, which is noted. Raises UpstreamBroken for what is no JSON then."""
    result, notes = made_legible(bytes(message.result))
    try:
        _raw(result)
    except (msgspec.MsgspecError, RecursionError):
        notes = ()
    if not notes or not message.is_whole:
        raise UpstreamBroken(f"The server's answer to {method} can't be read: {_why(message)}.")
    return UpstreamAnswer(one_line(result), None, era, status, notes)


def _why(message: Faulty) -> str:
    return "it is not one JSON-RPC message" if message.is_whole else "its JSON is nested too deep"


def with_wait(error: bytes, wait: str) -> bytes:
    """The server's error, and in its message how long its headers ask to wait."""
    if not wait:
        return error
    members = _members(error)
    said = _text(members["message"]) if "message" in members else ""
    members["message"] = msgspec.Raw(msgspec.json.encode(f"{said.rstrip()} ({wait})".strip()))
    return msgspec.json.encode(members)


def result_of(reply: ServerReply, method: str) -> dict[str, Any]:
    """The result, read, without what was wrong in it. Raises UpstreamError."""
    result: dict[str, Any] = plain(as_written(reply, method))
    return result


def as_written(reply: ServerReply, method: str) -> dict[str, Any]:
    """The result with what is wrong in it (see `lenient`): for lists, where each entry is judged alone. Raises
    UpstreamError."""
    if reply.message is None or not reply.message.result:
        raise _unexpected(reply, method)
    try:
        result = parse_leniently(bytes(reply.message.result))
    except NotRepresentable as reason:
        raise UpstreamBroken(f"The server's answer to {method} can't be used. {reason.message}") from None
    if not isinstance(result, dict):
        raise UpstreamBroken(f"The server's answer to {method} is not an object.")
    if isinstance(result, Ambiguous):
        raise UpstreamBroken(f"The server's answer to {method} says “{excerpt(result.twice, 60)}” twice.")
    return result


def _unexpected(reply: ServerReply, method: str) -> UpstreamError:
    error = error_of(reply.message)
    if reply.failure is not None and error.code not in eras.OURS_TO_MEND:
        return reply.failure.problem(error.message)
    return UpstreamBroken(
        f"The server answered {method} with an error ({error.code})." if error.code else f"It can't do {method}.",
        said=error.message,
        advice="Check the connector's URL, then synchronise it: its protocol version may have changed.",
        is_refusal=True,
    )
