"""Whether a text in raw JSON is base64 as all official clients read it: the TypeScript SDKs ask `atob` (WHATWG Infra,
forgiving-base64 decode) and drop a whole result for one letter more."""

from __future__ import annotations

import re

import msgspec

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BARE = frozenset({b'""', b'"="', b'"=="'})
"""What is left of base64 between quotation marks without its alphabet."""
_URL_SAFE = str.maketrans("-_", "+/")
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
_SPACE = re.compile(r"[\t\n\f\r ]+")


def is_base64(value: msgspec.Raw) -> bool:
    """A look at every byte, at C speed: images are large."""
    text = bytes(value)
    if text.translate(None, _ALPHABET) in _BARE:
        return _has_length(text[1:-1])
    found = _text_of(value)
    return found is not None and _is_plain(_SPACE.sub("", found))


def as_base64(value: msgspec.Raw) -> msgspec.Raw | None:
    """What servers send in its place and mean: a data URL, the alphabet of URLs. None for anything else."""
    if is_base64(value):
        return value
    found = _text_of(value)
    if found is None:
        return None
    meant = _DATA_URL.sub("", found, count=1) if found[:5].lower() == "data:" else found
    meant = _SPACE.sub("", meant.translate(_URL_SAFE)).rstrip("=")
    meant += "=" * (-len(meant) % 4)
    return msgspec.Raw(msgspec.json.encode(meant)) if _is_plain(meant) else None


def _is_plain(text: str) -> bool:
    if not text.isascii():
        return False
    raw = text.encode()
    return raw.translate(None, _ALPHABET) in {b"", b"=", b"=="} and _has_length(raw)


def _has_length(raw: bytes) -> bool:
    """Padding may be missing, but stands at the end of whole groups of four."""
    data = raw
    if len(raw) % 4 == 0:
        data = raw[:-2] if raw.endswith(b"==") else raw.removesuffix(b"=")
    return b"=" not in data and len(data) % 4 != 1


def _text_of(value: msgspec.Raw) -> str | None:
    if bytes(memoryview(value)[:1]) != b'"':
        return None
    return str(msgspec.json.decode(value))
