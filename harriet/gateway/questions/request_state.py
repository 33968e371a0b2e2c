"""What a 2026-07-28 client carries between the rounds of one request (`requestState`): sealed, so that nobody reads or
changes it, and bound to the token, the profile, the request itself and a time (SPEC basic/patterns/mrtr)."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from harriet.gateway.errors import RpcRefusal
from harriet.gateway.steps.request import Call
from harriet.lib.json.canonical import digest
from harriet.lib.mcp.error_codes import INVALID_PARAMS
from harriet.lib.sealed import NotSealedHere, Sealer

GOOD_FOR_SECONDS = 3600
LONGEST = 256 * 1024
"""Characters."""
STATES = Sealer("harriet/request-state/v1")
_NOT_OURS = "This requestState is not one that Harriet gave for this request, or it is too old. Send the request anew."


class RequestState(msgspec.Struct, frozen=True):
    """Either the server's own state to give back to it, or the place where the call waits for its answers."""

    expires_at: float
    upstream: str | None = None
    process: str = ""
    suspended: str = msgspec.field(default="", name="parked")


@dataclass(frozen=True, slots=True)
class Where:
    """A call that stands still until its client answers: in which process, under which name."""

    process: str
    suspended: str


def seal_state(call: Call, now: float, *, upstream: str | None = None, where: Where | None = None) -> str:
    """`now`: seconds since 1970, by the database."""
    state = RequestState(
        expires_at=now + GOOD_FOR_SECONDS,
        upstream=upstream,
        process=where.process if where else "",
        suspended=where.suspended if where else "",
    )
    return STATES.seal_text(msgspec.json.encode(state), _bound_to(call))


def open_state(text: str, call: Call, now: float) -> RequestState:
    """Raises RpcRefusal for what isn't ours, is another's, belongs to another request or has expired."""
    try:
        plain = STATES.open_text(text, _bound_to(call), longest=LONGEST)
        state = msgspec.json.decode(plain, type=RequestState)
    except (ValueError, NotSealedHere):
        raise RpcRefusal(INVALID_PARAMS, _NOT_OURS) from None
    if state.expires_at < now:
        raise RpcRefusal(INVALID_PARAMS, _NOT_OURS)
    return state


def _bound_to(call: Call) -> bytes:
    request = digest({"method": call.method, "name": call.name, "arguments": call.values})
    return call.snapshot.facts.id.bytes + call.principal.token_id.bytes + call.profile.id.bytes + request
