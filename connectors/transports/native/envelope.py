"""JSON-RPC messages to and from servers: the envelope is read, what it carries stays the bytes that were sent."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from harriet.lib.json.canonical import NotRepresentable, is_deeper_than
from harriet.lib.json.legible import made_legible
from harriet.lib.json.lenient import members_of

DEEPEST = 128
"""Levels of a message."""
MOST_IN_A_BATCH = 1000
"""Messages."""
_EMPTY = msgspec.Raw(b"")
_NUMBER = re.compile(rb'("?)([0-9]{1,19})(?:\.0{1,9})?\1')


class Unreadable(Exception):
    """Not one JSON-RPC message. The text says why, for the end of a sentence."""


class Message(msgspec.Struct):
    """One JSON-RPC message, its members as they were sent; empty what it doesn't have."""

    id: msgspec.Raw = _EMPTY
    method: str = ""
    params: msgspec.Raw = _EMPTY
    result: msgspec.Raw = _EMPTY
    error: msgspec.Raw = _EMPTY

    def answers(self, request_id: bytes) -> bool:
        """Whether it has a result or an error, of the request with this id. (A Raw never equals bytes.)"""
        return bytes(self.id) == request_id and not self.method and bool(self.result) != bool(self.error)

    def answers_alone(self, request_id: bytes) -> bool:
        """Whether it can only be meant for this request when no other is on its way: the id came back as a text or
        with a decimal point, or an error names none."""
        if self.method or bool(self.result) == bool(self.error):
            return False
        found = _NUMBER.fullmatch(bytes(self.id))
        return found[2] == request_id if found else bytes(self.id) in {b"", b"null"} and is_error(self)


class Faulty(Message):
    """The answer to a request, with something in its result that no client should get as it is: half of a surrogate
    pair, a number that isn't one, bytes that are no UTF-8, too many levels. Whoever reads it sorts the good from the
    bad."""

    is_whole: bool = True
    """False when what nests too deep was taken out."""


class Mended(Message):
    """No result, and no JSON for one bad string or number; `notes` says what was replaced."""

    notes: tuple[str, ...] = ()


class ErrorObject(msgspec.Struct):
    """What an error object says, as far as it matters here."""

    code: int = 0
    message: str = ""
    data: msgspec.Raw = _EMPTY
    """As it came: it may hold anything, also numbers that Python has no room for."""


_decode = msgspec.json.Decoder(Message).decode
_decode_batch = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _Shape(msgspec.Struct):
    code: int
    message: str


_decode_error = msgspec.json.Decoder(ErrorObject).decode
_decode_shape = msgspec.json.Decoder(_Shape).decode


def read_message(raw: bytes) -> Message:
    """Raises Unreadable. The decoder checks all of the JSON's syntax, also where it keeps the bytes; a result that it
    can't read, in an envelope that can be read, comes as Faulty, and anything else as Mended."""
    if is_deeper_than(raw, DEEPEST):
        return _too_deep(raw)
    try:
        if not raw.isascii():
            raw.decode()
        message = _decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        bare = _without_nulls(raw)
        return _faulty(raw) if bare is None else read_message(bare)
    if message.error and (message.result or bytes(message.error) == b"null"):
        bare = _without_nulls(raw)
        return message if bare is None else read_message(bare)
    return message


def singly(raw: bytes) -> Sequence[bytes]:
    """The messages of a batch, which servers up to 2025-03-26 may send in place of one; anything else as it is."""
    if raw.lstrip()[:1] != b"[":
        return (raw,)
    for text in (raw, made_legible(raw)[0]):
        with suppress(msgspec.MsgspecError, RecursionError):
            batch = _decode_batch(text)
            return [bytes(one) for one in batch] if 0 < len(batch) <= MOST_IN_A_BATCH else (raw,)
    return (raw,)


def _without_nulls(raw: bytes) -> bytes | None:
    """Without the members that are null, as servers write them that leave none out; None where nothing changes."""
    try:
        members = members_of(raw)
    except NotRepresentable:
        return None
    absent = _OPTIONAL if members.get("error", b"null") == b"null" else {*_OPTIONAL, "result"}
    kept = {name: one for name, one in members.items() if one != b"null" or name not in absent}
    if len(kept) == len(members):
        return None
    return b"{%b}" % b",".join(b"%b:%b" % (msgspec.json.encode(name), one) for name, one in kept.items())


_OPTIONAL = frozenset({"method", "params", "error"})
_NO_MESSAGE = "it is not one JSON-RPC message"
_TOO_DEEP = f"its JSON is nested deeper than {DEEPEST} levels, or is broken"


def _too_deep(raw: bytes) -> Faulty:
    found = _result_in(raw)
    if found is None:
        raise Unreadable(_TOO_DEEP)
    return Faulty(found.id, result=found.result, is_whole=False)


def _faulty(raw: bytes) -> Message:
    """A result keeps what is wrong in it; of anything else one bad string or number costs at most itself. Raises
    Unreadable."""
    found = _result_in(raw)
    if found is not None:
        return found
    legible, notes = made_legible(raw)
    try:
        message = _decode(legible)
    except (msgspec.MsgspecError, RecursionError):
        raise Unreadable(_NO_MESSAGE) from None
    return Mended(message.id, message.method, message.params, message.result, message.error, notes)


def _result_in(raw: bytes) -> Faulty | None:
    try:
        members = members_of(raw)
    except NotRepresentable:
        return None
    if "result" not in members or "method" in members or "error" in members:
        return None
    return Faulty(id=msgspec.Raw(members.get("id", b"")), result=msgspec.Raw(members["result"]))


def error_of(message: Message | None) -> ErrorObject:
    """The error object of an answer; code 0 when there is none that can be read."""
    if message is None or not message.error:
        return ErrorObject()
    try:
        return _decode_error(message.error)
    except msgspec.MsgspecError:
        pass  # what it adds may be beyond what can be read: that doesn't make it another error
    try:
        found = _decode_shape(message.error)
    except msgspec.MsgspecError:
        return ErrorObject()
    return ErrorObject(found.code, found.message)


def is_error(message: Message) -> bool:
    """Whether it is an error as JSON-RPC has them, and not an API's own."""
    if not message.error or message.method or message.result:
        return False
    try:
        _decode_shape(message.error)
    except msgspec.MsgspecError:
        return False
    return True


def one_line(raw: bytes) -> bytes:
    """The same JSON without line breaks, which may only stand between tokens: it fits in one `data:` line."""
    if b"\n" in raw:
        raw = raw.replace(b"\n", b" ")
    return raw.replace(b"\r", b" ") if b"\r" in raw else raw


def request(request_id: bytes, method: str, params: dict[str, Any]) -> bytes:
    """The bytes of a JSON-RPC request."""
    return b'{"jsonrpc":"2.0","id":%b,"method":%b,"params":%b}' % (
        request_id,
        msgspec.json.encode(method),
        msgspec.json.encode(params),
    )


def notification(method: str, params: bytes = b"") -> bytes:
    """The bytes of a JSON-RPC notification; `params` as JSON, empty for none."""
    tail = b',"params":%b' % params if params else b""
    return b'{"jsonrpc":"2.0","method":%b%b}' % (msgspec.json.encode(method), tail)
