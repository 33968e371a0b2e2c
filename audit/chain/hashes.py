"""The hashes that chain the log: a leaf per event, a root per batch, a link per seal. Pure functions.

The tree is RFC 6962's (§2.1), so that the membership of one event can be proved with a few hashes.
"""

from __future__ import annotations

import hmac
from functools import cache
from hashlib import sha256
from uuid import UUID

from harriet.lib.keyfile import derive

ALGORITHM = "harriet-audit-v1"
START = bytes(32)
"""What the first seal of an organization has as its previous link."""


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


_LEAF = b"\x00" + _sized(ALGORITHM.encode() + b"/leaf")
_LINK = _sized(ALGORITHM.encode() + b"/link")
_SEAL = _sized(ALGORITHM.encode() + b"/seal")
_8, _32 = (n.to_bytes(4, "big") for n in (8, 32))


def leaf(event_id: bytes, body: bytes, mac: bytes, recorded_at: int) -> bytes:
    """`recorded_at` in microseconds since 1970; every part is preceded by its length."""
    return sha256(
        b"".join((
            _LEAF,
            _sized(event_id),
            _32,
            sha256(body).digest(),
            _sized(mac),
            _8,
            recorded_at.to_bytes(8, "big", signed=True),
        ))
    ).digest()  # fmt: skip


def root(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash. Pairing from below and carrying an odd node up gives RFC 6962's tree."""
    if not leaves:
        return sha256().digest()
    level = leaves
    while len(level) > 1:
        pairs = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) // 2 * 2 :]
    return level[0]


def link(organization_id: UUID, sequence: int, previous: bytes, root: bytes, count: int) -> bytes:
    return sha256(
        _LINK
        + _sized(organization_id.bytes)
        + _sized(sequence.to_bytes(8, "big"))
        + _sized(previous)
        + _sized(root)
        + _sized(count.to_bytes(8, "big"))
    ).digest()


def seal_mac(seal_id: UUID, sealed_at: int, link: bytes) -> bytes:
    """Without the key, which is not in the database, nobody can make a seal: not even a whole new chain of them."""
    message = _SEAL + _sized(seal_id.bytes) + _sized(sealed_at.to_bytes(8, "big", signed=True)) + _sized(link)
    return hmac.digest(_seal_key(), message, "sha256")


@cache
def _seal_key() -> bytes:
    return derive("audit", "seal-mac/v1")
