"""What may be told of an MCP server on somebody's machine: its name, and its address or command, never a value.

The same lines run on the machine, in the script that enrols it, and here again on what arrives: standard library alone,
and nothing that an older Python doesn't know.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

LONGEST_TARGET = 500
LEFT_OUT = "…"
"""Stands where a word of a command line was left out."""
_SECRET_NAME = re.compile(
    r"token|key|secret|passw|pwd|auth|bearer|credential|cookie|session|header|\benv\b|\bdsn\b|connection|user", re.I
)
_SECRET_FLAGS = {"-e", "-H", "-u", "-p", "-k", "-t", "-P"}
_SECRET_SHAPE = re.compile(
    r"^(sk|pk|rk|ghp|gho|ghs|ghu|github_pat|glpat|xox[a-z]|hrt|AKIA|ASIA|AIza|ya29|eyJ|npm|pypi|dop|shpat|lin_api|ntn)"
    r"[_\-A-Za-z0-9.]{8,}$"
)
_PLAIN = re.compile(r"^[@./~:\\A-Za-z0-9_+=,-]*$")


def clean_server(name: Any, url: Any, command: Any, args: Any) -> dict[str, Any] | None:
    """The server as it may be told; None for what is no server."""
    shown = " ".join(str(name).split())[:80] or "unnamed"
    if isinstance(url, str) and url.strip():
        address = clean_address(url)
        return {"name": shown, "url": address} if address else None
    if isinstance(command, str) and command.strip():
        words, is_whole = clean_command(command, args if isinstance(args, list) else [])
        return {"name": shown, "command": words, "whole": is_whole}
    return None


def clean_address(url: str) -> str:
    """Without user, password, query and fragment; what stands in the path and looks like a secret is left out."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "ws", "wss") or not host:
        return ""
    place = "[" + host + "]" if ":" in host else host
    path = "/".join(LEFT_OUT if looks_secret(word) else word for word in parts.path.split("/"))
    return urlunsplit((parts.scheme, place + (":" + str(port) if port else ""), path, "", ""))[:LONGEST_TARGET]


def clean_command(command: str, args: list[Any]) -> tuple[list[str], bool]:
    """The words of a command line, and whether nothing was left out of it."""
    words = command.split() if " " in command and not re.search(r"[/\\]", command) else [command]
    words += [str(word) for word in args]
    kept: list[str] = []
    is_after_name = False
    for word in words:
        kept.append(LEFT_OUT if is_after_name else _clean_word(word))
        is_after_name = _names_secret(word)
    kept = kept[:60]
    return kept, kept == words


def _names_secret(word: str) -> bool:
    """A flag whose value comes next."""
    return word in _SECRET_FLAGS or bool(word.startswith("-") and "=" not in word and _SECRET_NAME.search(word))


def _clean_word(word: str) -> str:
    name, sign, value = word.partition("=")
    if "://" in word:
        before, _, rest = word.rpartition("=") if "=" in word.split("://")[0] else ("", "", word)
        return (before + "=" if before else "") + (clean_address(rest) or LEFT_OUT)
    if sign and (_SECRET_NAME.search(name) or re.match(r"^(-e)?[A-Z][A-Z0-9_]+$", name) or looks_secret(value)):
        return name + "=" + LEFT_OUT
    if looks_secret(word) or len(word) > 200 or not _PLAIN.match(word):
        return LEFT_OUT
    return word


def looks_secret(word: str) -> bool:
    """A key's well-known beginning, or a long piece that mixes letters and digits as nothing does that people write."""
    if _SECRET_SHAPE.match(word):
        return True
    pieces = re.split(r"[-_.@/:+,~]", word) if len(word) >= 16 else []
    return any(_is_mixed(piece) for piece in pieces)


def _is_mixed(piece: str) -> bool:
    has_digit, has_letter = re.search(r"[0-9]", piece), re.search(r"[A-Za-z]", piece)
    return bool(len(piece) >= 8 and has_digit and has_letter) or len(piece) >= 32
