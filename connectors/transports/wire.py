"""One JSON-RPC request over Streamable HTTP: POST it, and find its answer in a JSON body or an event stream."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from harriet.lib.egress import AsyncEgress, EgressBroken, EgressFailed, EgressRefused, EgressTimeout, Response
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
from .base import Endpoint, OnNotification
from .envelope import Message, Unreadable, one_line, read_message
from .sse import EventReader, TooManyEvents

MAX_EVENTS = 10_000
MAX_QUESTIONS = 32

OnQuestion = Callable[[Message], Awaitable[None]]


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

    def __repr__(self) -> str:
        return f"Attached({', '.join(self.headers)})"


@dataclass(slots=True, repr=False)
class Outgoing:
    """A request ready to be sent."""

    id: bytes
    body: bytes
    attached: Attached
    on_notification: OnNotification | None = None
    on_question: OnQuestion | None = None
    """Called for what the server asks back; without it such messages are passed over."""


class Wire:
    def __init__(self, egress: AsyncEgress, max_bytes: int) -> None:
        self._egress = egress
        self._max_bytes = max_bytes
        self._ids = itertools.count(1)

    def new_id(self) -> bytes:
        return b"%d" % next(self._ids)

    async def ask(self, endpoint: Endpoint, outgoing: Outgoing, seconds: float) -> Reply:
        """Raises UpstreamError. Other 4xx answers, with a JSON-RPC error or without, are returned."""
        try:
            async with self._egress.request(
                "POST",
                endpoint.url,
                reach=endpoint.reach,
                deadline=seconds,
                headers=outgoing.attached.headers,
                params=outgoing.attached.query,
                data=outgoing.body,
            ) as response:
                if response.status >= 300:
                    return await self._read_failure(endpoint, outgoing, response)
                return await self._read_answer(endpoint, outgoing, response)
        except (EgressRefused, EgressTimeout, EgressFailed) as error:
            raise _translated(error) from None

    async def tell(self, endpoint: Endpoint, outgoing: Outgoing, seconds: float, method: str = "POST") -> int:
        """Sends what has no answer; returns the status. Raises UpstreamError."""
        try:
            async with self._egress.request(
                method,
                endpoint.url,
                reach=endpoint.reach,
                deadline=seconds,
                headers=outgoing.attached.headers,
                params=outgoing.attached.query,
                data=outgoing.body or None,
            ) as response:
                if response.status < 300:
                    await response.read(self._max_bytes)  # so that the connection can be kept
                return response.status
        except (EgressRefused, EgressTimeout, EgressFailed) as error:
            raise _translated(error) from None

    async def _read_answer(self, endpoint: Endpoint, outgoing: Outgoing, response: Response) -> Reply:
        kind = response.headers.get("Content-Type", "")
        session_id = response.headers.get("Mcp-Session-Id", "")
        if kind.startswith("application/json"):
            message = _parsed(endpoint, await response.read(self._max_bytes))
            if not message.answers(outgoing.id):
                raise _broken(endpoint, "answered something else than it was asked")
            return Reply(response.status, message, session_id)
        if kind.startswith("text/event-stream"):
            return Reply(response.status, await self._read_stream(endpoint, outgoing, response), session_id)
        what = f"a page of the type “{excerpt(kind, 40)}”" if kind else "nothing"
        raise _broken(endpoint, f"answered with status {response.status} and {what}")

    async def _read_stream(self, endpoint: Endpoint, outgoing: Outgoing, response: Response) -> Message:
        reader = EventReader(MAX_EVENTS)
        questions = 0
        try:
            async for chunk in response.iter_chunks(self._max_bytes):
                for raw in reader.feed(chunk):
                    message = _parsed(endpoint, raw)
                    if message.answers(outgoing.id):
                        return message
                    questions += bool(message.method and message.id)
                    if questions > MAX_QUESTIONS:
                        raise _broken(endpoint, "asked back too many questions")
                    await _pass_on(message, raw, outgoing)
        except TooManyEvents:
            raise _broken(endpoint, f"sent more than {MAX_EVENTS} events instead of its answer") from None
        raise _broken(endpoint, "ended the event stream without an answer")

    async def _read_failure(self, endpoint: Endpoint, outgoing: Outgoing, response: Response) -> Reply:
        status = response.status
        if status in {401, 403}:
            raise UpstreamRefusedCredential(
                f"The server at {_host(endpoint)} refused the credential ({status}). "
                "Check the connector's authentication."
            )
        if status < 400:
            raise _broken(endpoint, f"answered with a redirect ({status}), which Harriet doesn't follow")
        if status in {408, 425, 429} or status >= 500:
            raise UpstreamDown(f"The server at {_host(endpoint)} can't work on it now ({status}). Try again later.")
        return Reply(status, await self._error_in(outgoing, response))

    async def _error_in(self, outgoing: Outgoing, response: Response) -> Message | None:
        """The JSON-RPC error in the body of a 4xx answer, also one without an id."""
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return None
        try:
            message = read_message(await response.read(self._max_bytes))
        except Unreadable:
            return None
        return message if message.error and bytes(message.id) in {outgoing.id, b"", b"null"} else None


async def _pass_on(message: Message, raw: bytes, outgoing: Outgoing) -> None:
    """What comes before the answer: notifications, questions, and answers to somebody else, which are dropped."""
    if not message.method:
        return
    if message.id:
        if outgoing.on_question is not None:
            await outgoing.on_question(message)
    elif outgoing.on_notification is not None:
        await outgoing.on_notification(one_line(raw))


def _parsed(endpoint: Endpoint, raw: bytes) -> Message:
    try:
        return read_message(raw)
    except Unreadable as reason:
        raise _broken(endpoint, f"sent an answer that can't be read: {reason}") from None


def _broken(endpoint: Endpoint, what: str) -> UpstreamBroken:
    return UpstreamBroken(f"The server at {_host(endpoint)} {what}. Check that the URL is that of its MCP endpoint.")


def _host(endpoint: Endpoint) -> str:
    return urlsplit(endpoint.url).hostname or "the connector's address"


def _translated(error: EgressRefused | EgressTimeout | EgressFailed) -> UpstreamError:
    if isinstance(error, EgressRefused):
        return UpstreamOutOfReach(error.message)
    if isinstance(error, EgressTimeout):
        return UpstreamTimeout(error.message, may_have_run=error.was_sent)
    if isinstance(error, EgressBroken):
        return UpstreamBroken(error.message)
    return UpstreamDown(error.message, may_have_run=error.was_sent)
