"""Takes the exact values of known secrets out of answers, however they are encoded."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from harriet.lib.secret import Secret

REPLACEMENT = "[redacted]"
_SHORT = 4
"""Secrets below this length are looked for as whole strings only: they would hit by chance."""
_FRAGMENT = 6
"""Base64 fragments below this length aren't looked for, for the same reason."""
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?[0-9][0-9.eE+-]*+', re.DOTALL)
_ESCAPE = re.compile(rb"\\[u/]")
_BASE64 = "[A-Za-z0-9+/_-]?"


class Redactor:
    """Built once per credential version. A search that finds nothing costs a few microseconds.

    Searching is done on the raw bytes; a hit, or an escape that may hide one, is worked out string by string, so that
    everything else in the answer keeps its bytes.
    """

    __slots__ = ("_exact", "_folded", "_pattern", "_whole")

    def __init__(self, secrets: Iterable[Secret]) -> None:
        values = {secret.reveal() for secret in secrets} - {""}
        self._whole = frozenset(value for value in values if len(value) < _SHORT)
        exact: set[str] = set()
        folded: set[str] = set()
        patterns: set[str] = set()
        for value in sorted(values - self._whole):
            exact |= _escaped(value)
            folded |= _case_free(value)
            for fragment in _base64_fragments(value):
                exact.add(fragment)
                patterns.add(f"{_BASE64}{re.escape(fragment)}{_BASE64}={{0,2}}")
        patterns |= {re.escape(form) for form in exact} | {f"(?i:{re.escape(form)})" for form in folded}
        whole = {_quoted(value) for value in self._whole}
        self._exact = _shortest({form.encode("utf-8", "surrogatepass") for form in exact} | whole)
        self._folded = _shortest({form.encode() for form in folded})
        self._pattern = re.compile("|".join(sorted(patterns, key=len, reverse=True))) if patterns else None

    def in_json(self, raw: bytes) -> tuple[bytes, int]:
        """The JSON without the secrets, still valid, and how many were found."""
        if not self._may_have(raw):
            return raw, 0
        found = 0

        def clean(match: re.Match[bytes]) -> bytes:
            nonlocal found
            token, count = self._in_token(match[0])
            found += count
            return token

        return _TOKEN.sub(clean, raw), found

    def in_text(self, text: str) -> tuple[str, int]:
        if text in self._whole:
            return REPLACEMENT, 1
        if self._pattern is None or not self._has_needle(text.encode("utf-8", "surrogatepass")):
            return text, 0
        return self._pattern.subn(REPLACEMENT, text)

    def _may_have(self, raw: bytes) -> bool:
        if self._has_needle(raw):
            return True
        # Escapes that nobody needs may still spell a secret: "\u0073ecret".
        return b"\\" in raw and bool(self._exact) and _ESCAPE.search(raw) is not None

    def _has_needle(self, raw: bytes) -> bool:
        # Plain loops: `any` with a generator costs as much again.
        for needle in self._exact:
            if needle in raw:
                return True
        if self._folded:
            lower = raw.lower()
            for needle in self._folded:
                if needle in lower:
                    return True
        return False

    def _in_token(self, token: bytes) -> tuple[bytes, int]:
        if token[:1] != b'"':
            text, count = self.in_text(token.decode())
            return (_quoted(text), count) if count else (token, 0)
        try:
            text, count = self.in_text(json.loads(token, strict=False))
        except ValueError:  # not a JSON string after all; whoever parses the answer will say so
            return token, 0
        return (_quoted(text), count) if count else (token, 0)


def _quoted(text: str) -> bytes:
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeError:
        return json.dumps(text).encode()


def _escaped(value: str) -> set[str]:
    """The value itself, as it stands inside a JSON string, and inside JSON that is the text of a JSON string."""
    forms = {value}
    for _ in range(2):
        forms |= {json.dumps(form, ensure_ascii=ascii_only)[1:-1] for form in forms for ascii_only in (True, False)}
    return forms | {form.replace("/", "\\/") for form in forms}


def _case_free(value: str) -> set[str]:
    """Hexadecimal and percent-encoded forms, whose letters may be of either case."""
    raw = value.encode("utf-8", "surrogatepass")
    everything = "".join(f"%{byte:02x}" for byte in raw)
    partly = {quote(raw, safe=safe) for safe in ("", "/", "!*'()~")} | {quote_plus(raw)}
    return {raw.hex(), everything, *(form.lower() for form in partly if "%" in form)}


def _base64_fragments(value: str) -> set[str]:
    """What base64 makes of the value in each of the three positions it may take, less the characters it shares."""
    raw = value.encode("utf-8", "surrogatepass")
    fragments = set()
    for phase, head in enumerate((0, 2, 3)):
        text = b64encode(b"\0" * phase + raw).decode()
        tail = text.count("=")
        fragments.add(text[head : len(text) - tail - (1 if tail else 0)])
    fragments |= {fragment.replace("+", "-").replace("/", "_") for fragment in fragments}
    return {fragment for fragment in fragments if len(fragment) >= _FRAGMENT}


def _shortest(needles: set[bytes]) -> tuple[bytes, ...]:
    """Without needles that contain another: the other finds them too."""
    return tuple(needle for needle in needles if not any(other in needle for other in needles if other != needle))
