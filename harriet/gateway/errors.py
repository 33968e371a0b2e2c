"""How the gateway says no: to the HTTP client, to the JSON-RPC client, or to the model that called a tool."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from harriet.lib.errors import Problem
from harriet.lib.mcp.error_codes import HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, URL_NEEDED
from harriet.people.stop_rules import NOTHING_SENT, StandingStop, sentence, what_words

ACCESS_ENDED = 401
"""As HTTP would say it, when the answer's status has left already. (SPEC: codes of applications lie outside JSON-RPC's
range.)"""
ON_TICKET = 202
"""It is taken, and waits for a person."""

OUR_FAULT = "Something went wrong in Harriet; your IT team finds it in the log of its server. Try again, or tell them."
NO_DATABASE = (
    "Harriet can't reach its database, so it can't know who may do what; nothing is let through. Try again soon, and "
    "tell your IT team if it stays like this."
)
RETRY_SOON = (b"retry-after", b"5")
"""A header, in seconds."""


class GatewayError(Problem):
    """The base of the gateway's errors. Its message is for whoever calls: what happened, what they can do, or who can
    mend it."""


class HttpRefusal(GatewayError):
    """The request stops before any JSON-RPC message is looked at. The body repeats the status as its code."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class RpcRefusal(GatewayError):
    """A JSON-RPC error: the message is wrong, or the gateway can't serve it now."""

    def __init__(self, code: int, message: str, *, error_data: dict[str, Any] | None = None, status: int = 0) -> None:
        super().__init__(f"{message} {_OF_THE_CLIENT}" if code in _SAID_BY_CLIENTS else message)
        self.code = code
        self.error_data = error_data
        self.status = status
        """Zero: whatever the protocol era says for the code."""


class NotOffered(RpcRefusal):
    """No such tool, prompt or resource, or none for this caller: the client can't tell which. `reason` is for the
    audit log."""

    def __init__(self, kind: str, name: str, reason: str) -> None:
        data = {"uri": name} if kind == "resources" else None
        super().__init__(INVALID_PARAMS, _NOT_OFFERED[kind].format(name=name), error_data=data)
        self.kind = kind
        self.reason = reason


class InsufficientScope(RpcRefusal):
    """The person may use it, and did not allow it to this client. `scope` is all that its next token needs."""

    def __init__(self, name: str, scope: str) -> None:
        super().__init__(
            403,
            f"“{name}” is of a kind that was not allowed to this client when it was connected. Connect it again and "
            f"allow that kind, or disconnect it first at {settings.BASE_URL}/me/apps/.",
            error_data={"scope": scope},
            status=403,
        )
        self.scope = scope
        self.reason = f"The person did not allow this client all of the scopes {scope}."


_OF_THE_CLIENT = "That is up to the client: update it, or tell whoever makes it."
_SAID_BY_CLIENTS = frozenset({PARSE_ERROR, INVALID_REQUEST, HEADER_MISMATCH})
"""Codes of what a person can do nothing about, but by another client."""
_NOT_OFFERED = {
    "tool": "There is no tool “{name}” for you in this profile. List the tools again; ask your IT admin if it should "
    "be there.",
    "prompt": "There is no prompt “{name}” for you in this profile. List the prompts again; ask your IT admin if it "
    "should be there.",
    "resources": "There is no resource {name} for you in this profile. List the resources again; ask your IT admin if "
    "it should be there.",
}


class AccountNeeded(RpcRefusal):
    """The caller has to connect an account of theirs first, at an address that the error names (2025-11-25)."""

    def __init__(self, message: str, elicitations: list[dict[str, Any]]) -> None:
        super().__init__(URL_NEEDED, message, error_data={"elicitations": elicitations})


class Unavailable(RpcRefusal):
    """Nothing is wrong with the call; Harriet can't govern it at the moment, so it doesn't leave."""

    def __init__(self, message: str) -> None:
        super().__init__(503, message, status=503)


class OnTicket(RpcRefusal):
    """Where a held prompt or resource stands: their results have no way to say so. No refusal, and nothing for the
    audit log, which has it from the ticket."""

    def __init__(self, code: int, message: str, ticket: dict[str, Any]) -> None:
        super().__init__(code, message, error_data={"ticket": ticket})


class TicketToOpen(OnTicket):
    """The caller may decide on their own call, at an address that the error names (2025-11-25)."""

    def __init__(self, message: str, elicitations: list[dict[str, Any]], ticket: dict[str, Any]) -> None:
        super().__init__(URL_NEEDED, message, ticket)
        self.error_data = {"elicitations": elicitations, "ticket": ticket}


ACCESS_LOST = (
    "Your access to Harriet ended in the middle of this: the credential was revoked or has expired, the profile is no "
    "longer yours, or your place in the organization has ended. {} What you may still use stands at "
    f"{settings.BASE_URL}/me/connect/; if nothing does, ask your IT team."
)


class AccessEnded(RpcRefusal):
    """The caller's access ended while their call was under way."""

    def __init__(self, message: str) -> None:
        super().__init__(ACCESS_ENDED, message)


class ToolRefusal(GatewayError):
    """Told to the model as the tool's own error (`isError`), because the model or its person can act on it."""

    def __init__(self, message: str, *, fault: str = "", may_have_run: bool = False) -> None:
        super().__init__(message)
        self.fault = fault
        """For the log: what went wrong, in words of whoever looks after the connector. Never for the client."""
        self.may_have_run = may_have_run
        """The server carried the call out, or nobody knows whether it did: the message says so."""


class LimitReached(ToolRefusal):
    """The call came too often. `wait`: the seconds after which it may be made, as the message says."""

    def __init__(self, message: str, *, wait: int, limit: str = "") -> None:
        super().__init__(message)
        self.data: dict[str, Any] = {"limit": {"retryAfterSeconds": wait, **({"id": limit} if limit else {})}}
        """The same for programs."""


class Stopped(ToolRefusal):
    """An emergency stop keeps a call from running, or ended it. `reason` is for the audit log."""

    def __init__(
        self,
        stop: StandingStop,
        fate: str = NOTHING_SENT,
        *,
        is_outcome_open: bool = False,
        may_have_run: bool = False,
    ) -> None:
        super().__init__(sentence(stop, fate), may_have_run=may_have_run or is_outcome_open)
        self.reason = f"Emergency stop of {what_words(stop.kind, stop.label)}. {fate}"
        self.is_outcome_open = is_outcome_open
        """It had left, and nobody knows whether the server carried it out."""


class UpstreamSaidError(GatewayError):
    """The server answered with a JSON-RPC error, passed on as it came (redacted)."""

    def __init__(self, error: bytes) -> None:
        super().__init__("The server answered with an error.")
        self.error = error


class CallCancelled(GatewayError):
    """The client took its call back, so it gets no answer to it."""


class RefusedElsewhere(GatewayError):
    """A refusal of the process where the call waits, passed on by the process that the client reached."""

    def __init__(self, status: int, rpc_error: dict[str, Any]) -> None:
        super().__init__("The process where the call waits refused it.")
        self.status = status
        self.rpc_error = rpc_error
