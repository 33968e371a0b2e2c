"""JSON-RPC messages to and from servers: the envelope is read, what it carries stays the bytes that were sent."""

from typing import Any

import msgspec

from harriet.lib.canonical import is_deeper_than

MAX_DEPTH = 128
_EMPTY = msgspec.Raw(b"")


class Unreadable(Exception):
    """Not one JSON-RPC message. The text says why, for the end of a sentence."""


class Message(msgspec.Struct):
    id: msgspec.Raw = _EMPTY
    method: str = ""
    params: msgspec.Raw = _EMPTY
    result: msgspec.Raw = _EMPTY
    error: msgspec.Raw = _EMPTY

    def answers(self, request_id: bytes) -> bool:
        """Whether it has a result or an error, of the request with this id. (A Raw never equals bytes.)"""
        return bytes(self.id) == request_id and not self.method and bool(self.result) != bool(self.error)


class Error(msgspec.Struct):
    """What an error object says, as far as it matters here."""

    code: int = 0
    message: str = ""
    data: Any = None


_decode = msgspec.json.Decoder(Message).decode
_decode_error = msgspec.json.Decoder(Error).decode


def read_message(raw: bytes) -> Message:
    """Raises Unreadable. The decoder checks all of the JSON's syntax, also where it keeps the bytes."""
    if is_deeper_than(raw, MAX_DEPTH):
        raise Unreadable(f"its JSON is nested deeper than {MAX_DEPTH} levels, or is broken")
    try:
        if not raw.isascii():
            raw.decode()
        return _decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Unreadable("it is not one JSON-RPC message") from None


def error_of(message: Message | None) -> Error:
    """The error object of an answer; code 0 when there is none that can be read."""
    if message is None or not message.error:
        return Error()
    try:
        return _decode_error(message.error)
    except msgspec.MsgspecError:
        return Error()


def one_line(raw: bytes) -> bytes:
    """The same JSON without line breaks, which may only stand between tokens: it fits in one `data:` line."""
    if b"\n" in raw:
        raw = raw.replace(b"\n", b" ")
    return raw.replace(b"\r", b" ") if b"\r" in raw else raw


def request(request_id: bytes, method: str, params: dict[str, Any]) -> bytes:
    return b'{"jsonrpc":"2.0","id":%b,"method":%b,"params":%b}' % (
        request_id,
        msgspec.json.encode(method),
        msgspec.json.encode(params),
    )


def notification(method: str, params: bytes = b"") -> bytes:
    tail = b',"params":%b' % params if params else b""
    return b'{"jsonrpc":"2.0","method":%b%b}' % (msgspec.json.encode(method), tail)
