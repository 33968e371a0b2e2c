"""Takes events out of an event stream (WHATWG HTML §9.2.6), however its bytes arrive."""

from collections.abc import Iterator


class TooManyEvents(Exception):
    """The stream has more events than the reader was told to take."""


class EventReader:
    """`feed` chunks, get the data of the complete `message` events; others, comments and empty events are skipped.

    The size of an event is bounded by whoever bounds the bytes of the stream.
    """

    __slots__ = ("_buffer", "_events_left", "_is_first", "_seen", "_swallow_newline")

    def __init__(self, max_events: int) -> None:
        self._buffer = bytearray()
        self._events_left = max_events
        self._is_first = True
        self._seen = 0
        self._swallow_newline = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._buffer += self._with_plain_newlines(chunk)
        while (end := self._buffer.find(b"\n\n", self._seen)) >= 0:
            event = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
            self._seen = 0
            self._events_left -= 1
            if self._events_left < 0:
                raise TooManyEvents
            data = _data_of(event)
            if data:
                yield data
        self._seen = max(0, len(self._buffer) - 1)

    def _with_plain_newlines(self, chunk: bytes) -> bytes:
        if self._is_first and chunk:
            self._is_first = False
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
        if self._swallow_newline and chunk:
            self._swallow_newline = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._swallow_newline = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk


def _data_of(event: bytes) -> bytes:
    data = []
    for line in event.split(b"\n"):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name == b"event" and value not in {b"message", b""}:
            return b""
    return b"\n".join(data)
