"""The way to the client's side: who can be asked what in the middle of a call, and the answers that are no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from harriet.lib.mcp.error_codes import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND


def refusal(message: str, code: int = METHOD_NOT_FOUND) -> bytes:
    """An answer that is no: the `error` member of a JSON-RPC response."""
    return b'"error":' + msgspec.json.encode({"code": code, "message": message})


CANNOT = refusal("The client behind this call did not say that it can answer this.")
UNREADABLE = refusal("The question is not as the protocol has it, so nobody was asked.", INVALID_PARAMS)
UNSEEN_ANSWER = refusal("This call runs as a person approved it, so nobody can be asked anything more.")
TOO_LATE = refusal("Nobody answered in time.", INTERNAL_ERROR)

NOT_DECLARED = (
    "your client did not say it can answer. Use a client that supports it, or give everything in the arguments."
)


class Asker(Protocol):
    """The way to the client's side. `ask` gives a raw `"result":…` or `"error":…` member of a JSON-RPC response."""

    capabilities: Mapping[str, Any]
    """What the client said that it can be asked, as it declared it."""
    is_inline: bool
    """Asks while the request is open; otherwise questions are the request's result (2026-07-28)."""
    why_not: str
    """Why a question that it doesn't take can't be answered, after "…, which"; and what to do."""

    async def ask(self, method: str, params: bytes) -> bytes: ...


class NoAsker:
    """For clients that said nothing, and for calls that nobody listens to."""

    capabilities: Mapping[str, Any] = {}
    is_inline = True
    why_not = NOT_DECLARED

    async def ask(self, method: str, params: bytes) -> bytes:
        return CANNOT


class Unseen(NoAsker):
    """For calls that run as they were approved: an answer would leave that nobody has seen."""

    why_not = "can't be answered in a call that runs as it was approved. Give everything in the arguments."

    async def ask(self, method: str, params: bytes) -> bytes:
        return UNSEEN_ANSWER


NOBODY = NoAsker()
UNSEEN = Unseen()
