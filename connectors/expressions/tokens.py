"""The words of a CEL expression, each with its place. What isn't known here can't be bounded, and is refused."""

from __future__ import annotations

import re
from typing import NamedTuple

from connectors.errors import ConnectorError

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<number>(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)


class Token(NamedTuple):
    kind: str
    text: str
    at: int
    """Of its first character, from 0."""


def wrong(sentence: str, at: int | None = None) -> ConnectorError:
    """Beside the field of the expression; places are counted from 1, as people do."""
    place = "" if at is None else f" (at character {at + 1})"
    return ConnectorError(f"{sentence}{place}", field="expression")


def tokens_of(expression: str) -> list[Token]:
    """Raises ConnectorError at the first character that begins nothing."""
    found: list[Token] = []
    at = 0
    while at < len(expression):
        if expression.startswith("//", at):
            raise wrong("Comments are not known here", at)
        match = _TOKEN.match(expression, at)
        if match is None:
            raise wrong(f"“{expression[at]}” begins nothing that a condition may have", at)
        kind = match.lastgroup or ""
        if kind == "text" and found and found[-1].kind == "name" and found[-1].text.lower() in ("r", "b", "rb", "br"):
            raise wrong("Raw texts and bytes are not known here: write a plain text", found[-1].at)
        if kind != "space":
            found.append(Token(kind, match.group(), at))
        at = match.end()
    return found
