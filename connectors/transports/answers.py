"""What a reply means: the answer to pass on, the result to read, or why it is neither."""

from typing import Any

from harriet.lib.canonical import NotRepresentable
from harriet.lib.lenient import parse_leniently, plain

from ..errors import UpstreamBroken
from . import eras
from .base import UpstreamAnswer
from .envelope import Faulty, error_of, one_line
from .exchange import Reply


def answer_of(reply: Reply, request_id: bytes, era: str, method: str) -> UpstreamAnswer:
    """The bytes to pass on. Raises UpstreamBroken."""
    message = reply.message
    if message is None or not message.answers(request_id):
        raise _unexpected(reply, method)
    if isinstance(message, Faulty):
        raise UpstreamBroken(f"The server's answer to {method} can't be read: it is not one JSON-RPC message.")
    if not message.error:
        return UpstreamAnswer(one_line(bytes(message.result)), None, era, reply.status)
    if error_of(message).code in eras.OURS_TO_MEND:
        raise _unexpected(reply, method)
    return UpstreamAnswer(None, one_line(bytes(message.error)), era, reply.status)


def result_of(reply: Reply, method: str) -> dict[str, Any]:
    """The result, read, without what was wrong in it. Raises UpstreamBroken."""
    result: dict[str, Any] = plain(as_written(reply, method))
    return result


def as_written(reply: Reply, method: str) -> dict[str, Any]:
    """The result with what is wrong in it (see `lenient`): for lists, where each entry is judged alone. Raises
    UpstreamBroken."""
    if reply.message is None or not reply.message.result:
        raise _unexpected(reply, method)
    try:
        result = parse_leniently(bytes(reply.message.result))
    except NotRepresentable as reason:
        raise UpstreamBroken(f"The server's answer to {method} can't be used. {reason.message}") from None
    if not isinstance(result, dict):
        raise UpstreamBroken(f"The server's answer to {method} is not an object.")
    return result


def _unexpected(reply: Reply, method: str) -> UpstreamBroken:
    error = error_of(reply.message)
    said = f": {eras.quoted(error.message)} ({error.code})" if error.code else ""
    return UpstreamBroken(
        f"The server answered {method} with status {reply.status}{said}. "
        "Check the connector's URL, then synchronise it: its protocol version may have changed."
    )
