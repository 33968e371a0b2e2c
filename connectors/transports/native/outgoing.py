"""A request ready to be sent, and what came back: the values around one exchange with a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connectors.transports.base import Caller, Endpoint, OnNotification, OnQuestion, OnStream
from connectors.transports.native.cookies import Cookies
from connectors.transports.native.countdown import Countdown
from connectors.transports.native.envelope import Message, Unreadable, read_message, singly
from connectors.transports.native.failure import Failure, broken
from connectors.transports.native.server_questions import ServerQuestions
from vault.opened import OpenCredential


@dataclass(slots=True)
class ServerReply:
    """What came back. `message` is the answer to the request, None when the body had none."""

    status: int
    message: Message | None
    session_id: str = ""
    failure: Failure | None = None
    """Of an error status: what the server says beside the message."""


class Attached(NamedTuple):
    """The headers and query values that go with a request: the credential's, and what the protocol asks for.

    A copy: what is said after the caller has gone (a cancellation) still needs it.
    """

    headers: dict[str, str]
    query: dict[str, str] | None
    cookies: Cookies | None = None
    """Those of the session in which the request is made."""

    @classmethod
    def of(cls, credential: OpenCredential) -> Attached:
        headers = dict(credential.headers)
        if credential.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in credential.cookies.items())
        return cls(headers, dict(credential.query) or None)

    def within(self, headers: dict[str, str], cookies: Cookies | None = None) -> Attached:
        """With the protocol's headers, which no credential replaces, and the session's cookies."""
        return Attached({**self.headers, **headers}, self.query, cookies)

    def sent(self) -> dict[str, str]:
        """The headers as they are sent now: the server may have changed its cookies since they were put together."""
        if self.cookies is None or not self.cookies:
            return self.headers
        return self.cookies.beside(self.headers)

    @property
    def is_empty(self) -> bool:
        return not self.headers and not self.query

    def __repr__(self) -> str:
        return f"Attached({', '.join(self.headers)})"


@dataclass(frozen=True, slots=True, repr=False)
class SessionRequest:
    """A request to a server that keeps sessions, before it is known in which of them it is made."""

    endpoint: Endpoint
    attached: Attached
    """Without the session's headers and cookies."""
    caller: Caller
    id: bytes
    body: bytes
    """The whole JSON-RPC message."""
    countdown: Countdown
    on_notification: OnNotification | None = None
    on_question: OnQuestion | None = None
    log_level: str = ""
    """What the session is told before the request; "" for nothing."""
    on_stream: OnStream | None = None


@dataclass(slots=True, repr=False)
class Outgoing:
    """One request on its way to a server, and who is told what comes before its answer."""

    id: bytes
    body: bytes
    attached: Attached
    on_notification: OnNotification | None = None
    questions: ServerQuestions | None = None
    """Takes what the server asks back; without it such messages are passed over."""
    can_resume: bool = False
    """An event stream that ends after an id, before the answer, goes on with another one (2025-03-26 and later)."""
    on_stream: OnStream | None = None
    takes_batches: bool = False
    """Up to 2025-03-26 a server may answer with several messages in one."""

    def messages_in(self, raw: bytes) -> Sequence[bytes]:
        return singly(raw) if self.takes_batches else (raw,)


def parsed(endpoint: Endpoint, raw: bytes) -> Message:
    """Raises UpstreamBroken."""
    try:
        return read_message(raw)
    except Unreadable as reason:
        raise broken(endpoint, f"sent an answer that can't be read: {reason}") from None
