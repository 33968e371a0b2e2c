"""Takes events out of an event stream (WHATWG HTML §9.2.6), however its bytes arrive."""

from collections.abc import Iterator

LONGEST_ID = 1024
"""Characters."""
_MARK = b"\xef\xbb\xbf"


class TooManyEvents(Exception):
    """The stream has more events than the reader was told to take."""


class EventTooLarge(Exception):
    """One event is larger than the reader was told to keep."""


class EventReader:
    """`feed` chunks, get the data of the complete `message` events; others, comments and empty events are skipped.

    Without `max_event`, the size of an event is bounded by whoever bounds the bytes of the stream.
    """

    __slots__ = (
        "_buffer",
        "_events_left",
        "_is_first",
        "_max_event",
        "_seen",
        "_swallow_newline",
        "is_primed",
        "last_id",
        "other",
        "retry",
        "special",
        "special_data",
    )

    def __init__(self, max_events: int, *, special: str = "", max_event: int = 0) -> None:
        self.special = special.encode()
        """The name of an event that is no message; the data of the last one is in `special_data`."""
        self.special_data = b""
        self._buffer = bytearray()
        self._events_left = max_events
        self._is_first = True
        self._max_event = max_event
        self._seen = 0
        self._swallow_newline = False
        self.last_id = ""
        """Where to go on when the stream breaks off (`Last-Event-ID`)."""
        self.other = ""
        """The name of the last event with data that was neither a message nor the special one."""
        self.is_primed = False
        """An event brought an id and nothing else."""
        self.retry: float | None = None
        """Seconds after which the server wants to be asked again."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The data of each event that is whole by now. Raises TooManyEvents or EventTooLarge."""
        self._buffer += self._with_plain_newlines(chunk)
        if self._is_first:
            self._drop_mark()
        while (end := self._buffer.find(b"\n\n", self._seen)) >= 0:
            event = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
            self._seen = 0
            self._events_left -= 1
            if self._events_left < 0:
                raise TooManyEvents
            data = self._data_of(event)
            if data:
                yield data
        if self._max_event and len(self._buffer) > self._max_event:
            raise EventTooLarge
        self._seen = max(0, len(self._buffer) - 1)

    def rest(self) -> bytes:
        """The data of an event that lacks the empty line at its end, when the stream is over: whole or not, its reader
        will see. Its id doesn't count: whoever goes on gets the event once more."""
        event, last_id = bytes(self._buffer).removesuffix(b"\n"), self.last_id
        self.restart()
        data = self._data_of(event)
        self.last_id = last_id
        return data

    def _with_plain_newlines(self, chunk: bytes) -> bytes:
        if self._swallow_newline and chunk:
            self._swallow_newline = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._swallow_newline = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _drop_mark(self) -> None:
        """The byte order mark, which may come in pieces."""
        self._is_first = len(self._buffer) < len(_MARK) and _MARK.startswith(bytes(self._buffer))
        if self._buffer.startswith(_MARK):
            del self._buffer[: len(_MARK)]

    def restart(self) -> None:
        """Another stream goes on where the last one broke off: what was left of an event is lost."""
        self._buffer.clear()
        self._is_first, self._seen, self._swallow_newline = True, 0, False

    def _data_of(self, event: bytes) -> bytes:
        data, kind = [], b"message"
        for line in event.split(b"\n"):
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                data.append(value)
            elif name == b"event":
                kind = value or b"message"
            elif name == b"id":
                self._note_id(value)
            elif name == b"retry" and value.isdigit():
                self.retry = int(value[:9]) / 1000
        return self._noted(kind, b"\n".join(data), has_data=bool(data))

    def _noted(self, kind: bytes, data: bytes, *, has_data: bool) -> bytes:
        if has_data and not data and self.last_id:
            self.is_primed = True
        if self.special and kind == self.special:
            self.special_data = data
        elif kind != b"message" and data.strip(b"\n"):
            self.other = kind[:60].decode("utf-8", "replace")
        return data if kind == b"message" else b""

    def _note_id(self, value: bytes) -> None:
        """Ids that can't be sent back in a header are no ids."""
        text = value.decode("utf-8", "replace")
        if len(text) <= LONGEST_ID and text.isprintable() and "\ufffd" not in text:
            self.last_id = text
