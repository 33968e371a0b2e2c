"""Values that must be found nowhere, in the forms that they may take, and a search that counts what it looked at."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections import Counter
from urllib.parse import quote

_DUMPED_BYTES = re.compile(rb"\\\\x([0-9a-f]+)")


def forms_of(value: str) -> dict[str, str]:
    """The five encodings, as somebody would write them."""
    raw = value.encode()
    return {
        "raw": value,
        "hex": raw.hex(),
        "base64": b64encode(raw).decode(),
        "base64url": urlsafe_b64encode(raw).decode(),
        "url": quote(value, safe=""),
    }


class Search:
    """`look` in one place after another; `found` says what was where, `bytes_in` how much was searched."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.bytes_in: Counter[str] = Counter()
        self.looks: Counter[str] = Counter()
        self._needles: list[tuple[str, bytes]] = []
        self._folded: list[tuple[str, bytes]] = []

    def add(self, name: str, value: str) -> None:
        """One more value to look for."""
        raw = value.encode()
        for number in range(3):
            for form, encode in (("base64", b64encode), ("base64url", urlsafe_b64encode)):
                self._needles.append((f"{name} in {form}", _middle(encode(b"\0" * number + raw), number)))
        self._needles.append((f"{name} as it is", raw))
        self._folded.append((f"{name} in hex", raw.hex().encode()))
        for escaped in ("".join(f"%{byte:02x}" for byte in raw), quote(value, safe="").lower()):
            self._folded.append((f"{name} in URL encoding", escaped.encode()))

    def look(self, kind: str, where: str, text: bytes) -> None:
        self.looks[kind] += 1
        self.bytes_in[kind] += len(text)
        lower = text.lower()
        hits = [name for name, needle in self._needles if needle in text]
        hits += [name for name, needle in self._folded if needle in lower]
        self.found |= {f"{name}: {kind} {where}" for name in hits}

    def look_in_dump(self, where: str, text: bytes) -> None:
        """A database dump writes bytes in hexadecimal; they are looked at as they are, too."""
        self.look("database", where, text)
        for number, match in enumerate(_DUMPED_BYTES.finditer(text)):
            self.look("database bytes", f"{where} #{number}", bytes.fromhex(match[1].decode()))


def _middle(encoded: bytes, phase: int) -> bytes:
    """Without the characters at both ends that depend on what stands beside the value."""
    return encoded.rstrip(b"=")[(0, 2, 3)[phase] : -1]
