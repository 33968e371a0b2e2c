"""Decodes answers that are compressed, without ever holding more than the cap allows."""

import zlib
from collections.abc import Iterator

from harriet.lib.egress.errors import EgressBroken, too_large
from harriet.lib.text import quoted

_STEP = 64 * 1024
"""Bytes that are unpacked at a time."""
_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class CappedBody:
    """Turns the bytes on the wire into the decoded body; raises EgressBroken beyond `max_bytes` of either."""

    __slots__ = ("_decoder", "_host", "_left", "_max_bytes", "_may_be_bare", "_wire_left")

    def __init__(self, host: str, encoding: str | None, max_bytes: int) -> None:
        self._host = host
        self._left = self._wire_left = self._max_bytes = max_bytes
        applied = _applied(encoding) if encoding else []
        if len(applied) > 1 or (applied and applied[0] not in _WINDOW):
            named = quoted(", ".join(applied), 40)
            raise EgressBroken(f"{host} answered with the encoding {named}, which nobody asked for.")
        self._decoder = zlib.decompressobj(_WINDOW[applied[0]]) if applied else None
        self._may_be_bare = applied == ["deflate"]

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The decoded pieces of one chunk from the wire, each of at most 64 KiB. Raises EgressBroken."""
        self._wire_left -= len(chunk)
        if self._wire_left < 0:
            raise too_large(self._host, self._max_bytes)
        if self._decoder is None:
            yield chunk
            return
        while chunk:
            piece = self._decode(chunk)
            self._left -= len(piece)
            if self._left < 0:
                raise too_large(self._host, self._max_bytes)
            if piece:
                yield piece
            chunk = self._decoder.unconsumed_tail

    def _decode(self, chunk: bytes) -> bytes:
        assert self._decoder is not None
        if self._decoder.eof:
            raise EgressBroken(f"{self._host} sent more after the end of its compressed answer.")
        may_be_bare, self._may_be_bare = self._may_be_bare, False
        try:
            return self._decoder.decompress(chunk, _STEP)
        except zlib.error:
            if may_be_bare:  # many leave out the head that deflate should have (RFC 9110 §8.4.1.2)
                self._decoder = zlib.decompressobj(-15)
                return self._decode(chunk)
            raise EgressBroken(f"{self._host} sent a compressed answer that is broken.") from None


def _applied(encodings: str) -> list[str]:
    return [name for name in (one.strip().lower() for one in encodings.split(",")) if name not in {"", "identity"}]
