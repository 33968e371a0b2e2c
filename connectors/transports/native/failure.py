"""What an answer with an error status means: whose fault it is, what the server says of it, how long to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from connectors.errors import (
    FOUND_NOTHING,
    UpstreamBroken,
    UpstreamBusy,
    UpstreamDown,
    UpstreamError,
    UpstreamOutOfReach,
    UpstreamRefused,
    UpstreamRefusedCredential,
    UpstreamTimeout,
)
from connectors.transports.base import Endpoint
from connectors.transports.native.server_words import words_of
from connectors.transports.native.sse import EventReader, TooManyEvents
from harriet.lib.egress import EgressBroken, EgressFailed, EgressRefused, EgressTimeout, Response
from harriet.lib.http.media_types import JSON, is_events
from harriet.lib.text import quoted

LARGEST_WORDS = 256 * 1024
"""Bytes of an answer with an error status that are read."""
WORDS_SECONDS = 3.0
"""A server that drips its words keeps nobody waiting."""
_NOT_NOW = frozenset({408, 425, 429}) | (frozenset(range(500, 600)) - {501, 505})
_DIDN_T_BEGIN = frozenset({425, 429, 503})
"""Statuses with which a server says that it didn't work on the request."""
_ELSEWHERE = frozenset({301, 307, 308})
"""Redirects that say that nothing was done here."""
_MOST_EVENTS = 100
"""Of a stream with an error status: the first is what matters."""
_LONGEST_WAIT = 400 * 86_400
"""Seconds; whoever asks for more means none."""
_CHECK_URL = "Check the connector's URL, then synchronise it: its protocol version may have changed."

EgressProblem = (EgressRefused, EgressTimeout, EgressFailed)


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer with an error status that isn't an error of the transport's yet."""

    host: str
    status: int
    said: str
    """The server's own words, as they came."""
    wait: str
    """A sentence, when the server says how long to wait."""
    body: bytes = b""
    content_type: str = ""

    @property
    def is_passing(self) -> bool:
        """Whether it passes by itself."""
        return self.status in _NOT_NOW

    def problem(self, said: str = "") -> UpstreamError:
        """What it is for somebody who needs an answer. Without words of its own, the server's are quoted."""
        said = said or self.said
        if self.status == 429:
            lead = f"The server at {self.host} says that it is asked too often (429)."
            return UpstreamBusy(lead, said=said, wait=self.wait or "Try again later.")
        if self.is_passing:
            lead = f"The server at {self.host} {_doing(self.status)} ({self.status})."
            is_refusal = self.status in _DIDN_T_BEGIN  # whoever may repeat it is told to
            wait = self.wait or ("Try again later." if is_refusal else "")
            return UpstreamDown(lead, said=said, wait=wait, is_refusal=is_refusal, status=self.status)
        lead = f"The server at {self.host} refused the request ({self.status})."
        return UpstreamRefused(lead, said=said, advice=self._advice(said), wait=self.wait, status=self.status)

    def _advice(self, said: str) -> str:
        if self.status in FOUND_NOTHING:
            return _CHECK_URL
        if self.status == 403 and not said:
            return "It doesn't say why; look at what the connector's credential may do there."
        return "" if said else "It doesn't say why."


def _doing(status: int) -> str:
    if status == 503:
        return "says that it can't work on it now"
    return {408: "gave up waiting", 425: "didn't take the request"}.get(status, "failed")


async def failure_of(endpoint: Endpoint, response: Response) -> Failure:
    """Of an answer with a status of 300 and above. Raises UpstreamRefusedCredential, and UpstreamBroken for a
    redirect: both need no further look."""
    status, host = response.status, host_of(endpoint)
    if 300 <= status < 400:
        problem = broken(endpoint, f"answered with a redirect ({status}), which Harriet doesn't follow")
        problem.is_refusal = status in _ELSEWHERE
        raise problem
    kind, body = response.headers.get("Content-Type", ""), await _start_of(response)
    if is_events(kind):
        kind, body = JSON, _first_event(body)
    failure = Failure(host, status, words_of(kind, body), wait_in(response), body, kind)
    challenge = response.headers.joined("WWW-Authenticate")
    if status == 401 or (status == 403 and challenge):
        raise UpstreamRefusedCredential(
            f"The server at {host} refused the credential ({status}).",
            status=status,
            challenge=challenge[:2000],
            said=failure.said,
            advice="Check the connector's authentication.",
        )
    return failure


def _first_event(body: bytes) -> bytes:
    reader = EventReader(_MOST_EVENTS)
    with suppress(TooManyEvents):
        return next(iter(reader.feed(body)), b"") or reader.rest()
    return b""


async def _start_of(response: Response) -> bytes:
    found = bytearray()
    with suppress(TimeoutError):
        async with asyncio.timeout(WORDS_SECONDS):
            await response.read_into(found, LARGEST_WORDS)
    return bytes(found[:LARGEST_WORDS])


def wait_in(response: Response, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> str:
    """What Retry-After asks for (RFC 9110 §10.2.3), as a sentence; empty when it asks for nothing sensible."""
    text = str(response.headers.get("Retry-After", "")).strip()
    try:
        seconds = float(text) if text[:1].isdigit() else (parsedate_to_datetime(text) - now()).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    if not 0 < seconds <= _LONGEST_WAIT:
        return ""
    return f"It asks to wait {_duration(seconds)} before it is asked again."


def _duration(seconds: float) -> str:
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}s"
    whole = max(round(seconds), 1)
    return f"{whole} second{'s' if whole > 1 else ''}"


def broken(endpoint: Endpoint, what: str, *, said: str = "") -> UpstreamBroken:
    """For an answer that makes no sense: `what` goes on after "The server at HOST", `said` is in the server's own
    words."""
    return UpstreamBroken(
        f"The server at {host_of(endpoint)} {what}.",
        said=said,
        advice="Check that the URL is that of its MCP endpoint.",
    )


def unknown_kind(endpoint: Endpoint, status: int, kind: str, body: bytes) -> UpstreamBroken:
    """Of a success that brings neither JSON nor events."""
    if not body.strip():
        return UpstreamBroken(
            f"The server at {host_of(endpoint)} took the request ({status}) and gave no answer to it."
        )
    what = f"a page of the type {quoted(kind, 40)}" if kind else "something without a type"
    return broken(endpoint, f"answered with status {status} and {what}", said=words_of(kind, body))


def host_of(endpoint: Endpoint) -> str:
    """As sentences name it."""
    return urlsplit(endpoint.url).hostname or "the connector's address"


def translated(error: EgressRefused | EgressTimeout | EgressFailed, more: str = "") -> UpstreamError:
    """`more` is a sentence about what came before."""
    if isinstance(error, EgressRefused):
        return UpstreamOutOfReach(error.message)
    if isinstance(error, EgressTimeout):
        return UpstreamTimeout(error.message, may_have_run=error.was_sent, advice=more)
    if isinstance(error, EgressBroken):
        return UpstreamBroken(error.message, advice=more)
    down = UpstreamDown(error.message, may_have_run=error.was_sent, advice=more)
    down.why = error.why
    return down
