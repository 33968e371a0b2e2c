"""Where a failed call went wrong: with the caller, in Harriet, or at the server."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec

from connectors.errors import UpstreamError, UpstreamOutOfReach, UpstreamRefusedCredential
from harriet.gateway.errors import AccountNeeded, ToolRefusal, UpstreamSaidError
from harriet.gateway.steps.request import Sent
from harriet.lib.mcp.error_codes import INTERNAL_ERROR, INVALID_PARAMS, RESOURCE_NOT_FOUND, URL_NEEDED

Origin = Literal["", "caller", "harriet", "upstream"]
"""Empty for a call that went well."""
_OF_CALLER = frozenset({INVALID_PARAMS, RESOURCE_NOT_FOUND, URL_NEEDED})
"""Codes by which a server says that it was asked for something wrong."""
OWN_ERRORS = range(-32099, -31999)
"""Codes of a server's own errors (JSON-RPC 2.0 §5.1)."""


class SaidError(msgspec.Struct):
    """A server's JSON-RPC error, as far as it can be read."""

    code: int = 0
    message: object = ""


_READ = msgspec.json.Decoder(SaidError).decode


def origin_of(sent: Sent) -> Origin:
    """A tool's own error counts as the server's: it alone knows what was wrong."""
    problem = sent.problem
    if problem is None:
        return "upstream" if sent.is_error else ""
    if isinstance(problem, asyncio.CancelledError | AccountNeeded):
        return "caller"
    if isinstance(problem, UpstreamRefusedCredential):
        return "caller" if sent.is_of_person else "harriet"
    if isinstance(problem, UpstreamOutOfReach):
        return "harriet"
    if isinstance(problem, UpstreamSaidError):
        return "caller" if code_of(problem) in _OF_CALLER else "upstream"
    if isinstance(problem, UpstreamError | TimeoutError):
        return "upstream"
    return "upstream" if isinstance(problem, ToolRefusal) and sent.is_answered else "harriet"


def said_by(problem: UpstreamSaidError) -> SaidError:
    try:
        return _READ(problem.error)
    except msgspec.MsgspecError:
        return SaidError()


def code_of(problem: UpstreamSaidError) -> int:
    """0 for an error without one."""
    return said_by(problem).code


def is_own_error(code: int) -> bool:
    """Whether a server says that it failed, and not that it was asked for something wrong."""
    return code == INTERNAL_ERROR or (code in OWN_ERRORS and code not in _OF_CALLER)
