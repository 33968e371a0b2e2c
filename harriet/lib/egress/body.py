"""Decodes answers that are compressed, without ever holding more than the cap allows."""

import zlib
from collections.abc import Iterator

from harriet.lib.egress.errors import EgressBroken, too_large

_STEP = 64 * 1024
_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class CappedBody:
    """Turns the bytes on the wire into the decoded body; raises EgressBroken beyond `max_bytes` of either."""

    __slots__ = ("_decoder", "_host", "_left", "_max_bytes", "_wire_left")

    def __init__(self, host: str, encoding: str | None, max_bytes: int) -> None:
        self._host = host
        self._left = self._wire_left = self._max_bytes = max_bytes
        encoding = (encoding or "identity").strip().lower()
        if encoding != "identity" and encoding not in _WINDOW:
            raise EgressBroken(f"{host} answered with the encoding “{encoding[:20]}”, which nobody asked for.")
        self._decoder = zlib.decompressobj(_WINDOW[encoding]) if encoding in _WINDOW else None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
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
        try:
            return self._decoder.decompress(chunk, _STEP)
        except zlib.error:
            raise EgressBroken(f"{self._host} sent a compressed answer that is broken.") from None
