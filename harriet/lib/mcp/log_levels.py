"""Log messages that servers send to clients: which of them a client asked for (RFC 5424 levels)."""

from __future__ import annotations

LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
DEFAULT_LEVEL = "info"
"""For clients of the era with sessions that named none."""
_RANK = {level: rank for rank, level in enumerate(LEVELS)}


def is_wanted(level: object, least: str) -> bool:
    """Whether a client that asked for `least` and above gets this; one that asked for nothing gets nothing, and nobody
    gets what is of no level."""
    return least in _RANK and isinstance(level, str) and _RANK.get(level, -1) >= _RANK[least]
