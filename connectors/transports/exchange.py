"""A request ready to be sent, and what came back: the values around one exchange with a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from harriet.lib.egress import EgressBroken, EgressFailed, EgressRefused, EgressTimeout
from harriet.lib.text import excerpt
from vault.open import OpenCredential

from ..errors import (
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamOutOfReach,
    UpstreamRefusedCredential,
    UpstreamTimeout,
)
from .asked import Asked
from .base import Endpoint, OnNotification
from .envelope import Message, Unreadable, read_message

EgressProblem = (EgressRefused, EgressTimeout, EgressFailed)


@dataclass(slots=True)
class Reply:
    """What came back. `message` is the answer to the request, None when the body had none."""

    status: int
    message: Message | None
    session_id: str = ""


class Attached(NamedTuple):
    """The headers and query values that go with a request: the credential's, and what the protocol asks for.

    A copy: what is said after the caller has gone (a cancellation) still needs it.
    """

    headers: dict[str, str]
    query: dict[str, str] | None

    @classmethod
    def of(cls, credential: OpenCredential) -> Attached:
        headers = dict(credential.headers)
        if credential.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in credential.cookies.items())
        return cls(headers, dict(credential.query) or None)

    def within(self, headers: dict[str, str]) -> Attached:
        """With the protocol's headers, which no credential replaces."""
        return Attached({**self.headers, **headers}, self.query)

    @property
    def is_empty(self) -> bool:
        return not self.headers and not self.query

    def __repr__(self) -> str:
        return f"Attached({', '.join(self.headers)})"


@dataclass(slots=True, repr=False)
class Outgoing:
    id: bytes
    body: bytes
    attached: Attached
    on_notification: OnNotification | None = None
    asked: Asked | None = None
    """Takes what the server asks back; without it such messages are passed over."""
    can_resume: bool = False
    """An event stream that ends after an id, before the answer, goes on with another one (2025-03-26 and later)."""


def parsed(endpoint: Endpoint, raw: bytes) -> Message:
    """Raises UpstreamBroken."""
    try:
        return read_message(raw)
    except Unreadable as reason:
        raise broken(endpoint, f"sent an answer that can't be read: {reason}") from None


def broken(endpoint: Endpoint, what: str) -> UpstreamBroken:
    return UpstreamBroken(f"The server at {host_of(endpoint)} {what}. Check that the URL is that of its MCP endpoint.")


def unknown_kind(endpoint: Endpoint, status: int, kind: str) -> UpstreamBroken:
    what = f"a page of the type “{excerpt(kind, 40)}”" if kind else "nothing"
    return broken(endpoint, f"answered with status {status} and {what}")


def failure_of(endpoint: Endpoint, status: int, headers: Mapping[str, str]) -> UpstreamError | None:
    """What a status says that needs no look into the body; None for the others."""
    if status in {401, 403}:
        return UpstreamRefusedCredential(
            f"The server at {host_of(endpoint)} refused the credential ({status}). "
            "Check the connector's authentication.",
            status=status,
            challenge=headers.get("WWW-Authenticate", "")[:2000],
        )
    if 300 <= status < 400:
        return broken(endpoint, f"answered with a redirect ({status}), which Harriet doesn't follow")
    if status in {408, 425, 429} or status >= 500:
        return UpstreamDown(f"The server at {host_of(endpoint)} can't work on it now ({status}). Try again later.")
    return None


def host_of(endpoint: Endpoint) -> str:
    return urlsplit(endpoint.url).hostname or "the connector's address"


def translated(error: EgressRefused | EgressTimeout | EgressFailed) -> UpstreamError:
    if isinstance(error, EgressRefused):
        return UpstreamOutOfReach(error.message)
    if isinstance(error, EgressTimeout):
        return UpstreamTimeout(error.message, may_have_run=error.was_sent)
    if isinstance(error, EgressBroken):
        return UpstreamBroken(error.message)
    return UpstreamDown(error.message, may_have_run=error.was_sent)
