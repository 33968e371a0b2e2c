"""Servers that speak MCP themselves, over Streamable HTTP, in either protocol era."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from harriet.lib.canonical import NotRepresentable, parse_strict
from harriet.lib.egress import AsyncEgress
from vault.open import OpenCredential

from ..errors import UpstreamBroken, UpstreamDown, UpstreamError, UpstreamTimeout
from . import eras
from .base import LEGACY, MODERN, Discovery, Endpoint, OnNotification, UpstreamAnswer
from .envelope import Message, error_of, notification, one_line, request
from .mirrored import InvalidAnnotation, Mirrored, header_value, mirrored_parameters, parameter_headers
from .sessions import Session, Sessions
from .wire import Outgoing, Reply, Wire

logger = logging.getLogger(__name__)

MAX_ANSWER = 16 * 1024 * 1024
MAX_PAGES = 100
MAX_TOOLS = 5000
_PLANS = 10_000
_FAREWELL_SECONDS = 3.0
"""For what is said after the caller has gone: a cancellation, the end of a session."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same in every call of one tool."""

    schema: dict[str, Any]
    head: bytes
    headers: dict[str, str]
    mirrored: Mirrored


class NativeTransport:
    """One per event loop. Sessions, eras and connections are kept between calls; `close()` it before its egress."""

    def __init__(self, egress: AsyncEgress, *, max_bytes: int = MAX_ANSWER) -> None:
        self._wire = Wire(egress, max_bytes)
        self._sessions = Sessions()
        self._eras: dict[tuple[UUID, str], str] = {}
        self._plans: dict[tuple[UUID, str], Plan] = {}
        self._ids = itertools.count(1)
        self._farewells: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        await self._sessions.close()
        if self._farewells:
            await asyncio.wait(self._farewells, timeout=_FAREWELL_SECONDS)

    # Calls

    async def call(
        self,
        endpoint: Endpoint,
        credential: OpenCredential,
        *,
        session_key: Hashable,
        tool: str,
        arguments: bytes,
        input_schema: dict[str, Any],
        meta: dict[str, Any] | None,
        deadline: float,
        on_notification: OnNotification | None = None,
    ) -> UpstreamAnswer:
        """`arguments` are sent as they are. Cancelling the task cancels the call at the server."""
        clock = _Clock(deadline)
        era = endpoint.era or self._eras.get((endpoint.connector_id, endpoint.url))
        if not era:
            era = (await self.discover(endpoint, credential, deadline=clock.left())).era
        plan = self._plan(endpoint, tool, input_schema)
        request_id = b"%d" % next(self._ids)
        if era == MODERN:
            body = plan.head + eras.modern_meta(meta) + b',"arguments":' + arguments + b'},"id":' + request_id + b"}"
            headers = {**plan.headers, **_headers(credential)}
            if plan.mirrored:
                headers |= parameter_headers(plan.mirrored, arguments)
            outgoing = Outgoing(request_id, body, headers, credential.query or None, on_notification)
            return _answer(endpoint, await self._wire.ask(endpoint, outgoing, clock.left()), MODERN)
        body = plan.head + eras.legacy_meta(meta) + b',"arguments":' + arguments + b'},"id":' + request_id + b"}"
        key = (session_key, endpoint.connector_id, endpoint.url)
        reply = await self._ask_in_session(endpoint, credential, key, request_id, body, clock, on_notification)
        return _answer(endpoint, reply, LEGACY)

    def _plan(self, endpoint: Endpoint, tool: str, schema: dict[str, Any]) -> Plan:
        key = (endpoint.connector_id, tool)
        plan = self._plans.get(key)
        if plan is None or plan.schema is not schema:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            plan = self._plans[key] = _new_plan(tool, schema)
        return plan

    async def _ask_in_session(
        self,
        endpoint: Endpoint,
        credential: OpenCredential,
        key: Hashable,
        request_id: bytes,
        body: bytes,
        clock: _Clock,
        on_notification: OnNotification | None,
    ) -> Reply:
        """Opens the session when there is none; once again when the server has lost it."""
        sent = _headers(credential)
        query = dict(credential.query) or None
        for is_last in (False, True):
            session = await self._sessions.get(key, lambda: self._open_session(endpoint, sent, query, clock.left()))
            headers = {**session.headers, **sent}
            outgoing = Outgoing(
                request_id, body, headers, query, on_notification, self._no_questions(endpoint, headers, query)
            )
            try:
                reply = await self._wire.ask(endpoint, outgoing, clock.left())
            except (asyncio.CancelledError, UpstreamTimeout):
                self._say_later(self._cancel(endpoint, request_id, headers, query))
                raise
            if is_last or not _lost(session, reply, request_id):
                return reply
            self._sessions.forget(key, session)
        raise AssertionError("the second attempt returns")

    def _no_questions(
        self, endpoint: Endpoint, headers: Mapping[str, str], query: Mapping[str, str] | None
    ) -> Callable[[Message], Awaitable[None]]:
        """Answers what the server asks: we declared no capabilities, so only `ping` has another answer than no."""

        async def answer(question: Message) -> None:
            body = eras.PONG if question.method == "ping" else eras.NOT_SUPPORTED
            outgoing = Outgoing(b"", body % bytes(question.id), headers, query)
            await self._wire.tell(endpoint, outgoing, _FAREWELL_SECONDS)

        return answer

    async def _cancel(
        self, endpoint: Endpoint, request_id: bytes, headers: Mapping[str, str], query: Mapping[str, str] | None
    ) -> None:
        params = b'{"requestId":%b,"reason":"The caller is gone."}' % request_id
        outgoing = Outgoing(b"", notification("notifications/cancelled", params), headers, query)
        await self._wire.tell(endpoint, outgoing, _FAREWELL_SECONDS)

    def _say_later(self, message: Awaitable[object]) -> None:
        async def say() -> None:
            try:
                await message
            except UpstreamError as error:
                logger.info("A last message didn't arrive: %s", error)

        task = asyncio.ensure_future(say())
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    # Sessions of the legacy era

    async def _open_session(
        self, endpoint: Endpoint, sent: Mapping[str, str], query: Mapping[str, str] | None, seconds: float
    ) -> Session:
        return (await self._initialize(endpoint, sent, query, seconds))[0]

    async def _initialize(
        self, endpoint: Endpoint, sent: Mapping[str, str], query: Mapping[str, str] | None, seconds: float
    ) -> tuple[Session, Discovery]:
        clock = _Clock(seconds)
        request_id = b"%d" % next(self._ids)
        body = request(request_id, "initialize", eras.INITIALIZE)
        reply = await self._wire.ask(
            endpoint, Outgoing(request_id, body, {**eras.BASE_HEADERS, **sent}, query), clock.left()
        )
        discovery = eras.read_initialized(_result(endpoint, reply, "initialize"))
        session = eras.new_session(discovery.protocol_version, reply.session_id)
        body = notification("notifications/initialized")
        status = await self._wire.tell(endpoint, Outgoing(b"", body, {**session.headers, **sent}, query), clock.left())
        if status >= 500:
            raise UpstreamDown("The server stopped working while a session was opened.")
        return session, discovery

    async def _end_session(
        self, endpoint: Endpoint, session: Session, sent: Mapping[str, str], query: Mapping[str, str] | None
    ) -> None:
        if not session.id:
            return
        try:
            await self._wire.tell(
                endpoint, Outgoing(b"", b"", {**session.headers, **sent}, query), _FAREWELL_SECONDS, "DELETE"
            )
        except UpstreamError as error:
            logger.info("A session wasn't ended: %s", error)

    # Looking at the server

    async def discover(self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float) -> Discovery:
        """Finds the era: server/discover first, initialize when that isn't understood."""
        clock = _Clock(deadline)
        sent, query = _headers(credential), dict(credential.query) or None
        discovery = await self._try_modern(endpoint, sent, query, min(clock.left() / 2, 10.0))
        if discovery is None:
            session, discovery = await self._initialize(endpoint, sent, query, clock.left())
            await self._end_session(endpoint, session, sent, query)
        self._eras[endpoint.connector_id, endpoint.url] = discovery.era
        return discovery

    async def _try_modern(
        self, endpoint: Endpoint, sent: Mapping[str, str], query: Mapping[str, str] | None, seconds: float
    ) -> Discovery | None:
        try:
            reply = await self._ask_modern(endpoint, sent, query, "server/discover", {}, seconds)
        except (UpstreamBroken, UpstreamTimeout):
            return None  # old servers don't know what to make of it; initialize will tell
        except UpstreamDown as error:
            if not error.may_have_run:
                raise
            return None
        if reply.message is None or not reply.message.result:
            return None
        return eras.read_discovered(_result(endpoint, reply, "server/discover"))

    async def list_tools(
        self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float
    ) -> list[dict[str, Any]]:
        """All pages, whole definitions. Raises UpstreamBroken beyond what a server may reasonably offer."""
        clock = _Clock(deadline)
        era = endpoint.era or (await self.discover(endpoint, credential, deadline=clock.left())).era
        sent, query = _headers(credential), dict(credential.query) or None
        if era == MODERN:
            return await self._pages(
                endpoint,
                lambda params: self._ask_modern(endpoint, sent, query, "tools/list", params, clock.left()),
                era,
            )
        session, _ = await self._initialize(endpoint, sent, query, clock.left())
        headers = {**session.headers, **sent}

        async def ask(params: dict[str, Any]) -> Reply:
            request_id = b"%d" % next(self._ids)
            outgoing = Outgoing(request_id, request(request_id, "tools/list", params), headers, query)
            return await self._wire.ask(endpoint, outgoing, clock.left())

        try:
            return await self._pages(endpoint, ask, era)
        finally:
            await self._end_session(endpoint, session, sent, query)

    async def _pages(
        self, endpoint: Endpoint, ask: Callable[[dict[str, Any]], Awaitable[Reply]], era: str
    ) -> list[dict[str, Any]]:
        tools: list[dict[str, Any]] = []
        params: dict[str, Any] = {}
        for _ in range(MAX_PAGES):
            result = _result(endpoint, await ask(params), "tools/list")
            tools += _usable(result.get("tools"), era, endpoint)
            cursor = result.get("nextCursor")
            if cursor is None:
                return tools
            if len(tools) > MAX_TOOLS or not isinstance(cursor, str) or params.get("cursor") == cursor:
                break
            params = {"cursor": cursor}
        raise UpstreamBroken(f"The server's list of tools doesn't end (beyond {len(tools)} tools).")

    async def _ask_modern(
        self,
        endpoint: Endpoint,
        sent: Mapping[str, str],
        query: Mapping[str, str] | None,
        method: str,
        params: dict[str, Any],
        seconds: float,
    ) -> Reply:
        request_id = b"%d" % next(self._ids)
        body = request(request_id, method, {**params, "_meta": eras.MODERN_META})
        headers = {**eras.MODERN_HEADERS, "Mcp-Method": method, **sent}
        return await self._wire.ask(endpoint, Outgoing(request_id, body, headers, query), seconds)


class _Clock:
    """What is left of a total deadline."""

    __slots__ = ("_ends_at", "_time")

    def __init__(self, seconds: float) -> None:
        self._time = asyncio.get_running_loop().time
        self._ends_at = self._time() + seconds

    def left(self) -> float:
        left = self._ends_at - self._time()
        if left <= 0:
            raise UpstreamTimeout("The server took too long.")
        return left


def _headers(credential: OpenCredential) -> dict[str, str]:
    if not credential.cookies:
        return dict(credential.headers)
    cookies = "; ".join(f"{name}={value}" for name, value in credential.cookies.items())
    return {**credential.headers, "Cookie": cookies}


def _new_plan(tool: str, schema: dict[str, Any]) -> Plan:
    try:
        mirrored = mirrored_parameters(schema)
    except InvalidAnnotation as reason:
        raise UpstreamBroken(f"The tool's definition breaks the protocol: {reason}.") from None
    return Plan(
        schema,
        b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":' + msgspec.json.encode(tool),
        {**eras.MODERN_HEADERS, "Mcp-Method": "tools/call", "Mcp-Name": header_value(tool)},
        mirrored,
    )


def _answer(endpoint: Endpoint, reply: Reply, era: str) -> UpstreamAnswer:
    message = reply.message
    if message is None or (message.error and error_of(message).code in eras.OURS_TO_MEND):
        raise _unexpected(endpoint, reply, "tools/call")
    if message.error:
        return UpstreamAnswer(None, one_line(bytes(message.error)), era, reply.status)
    return UpstreamAnswer(one_line(bytes(message.result)), None, era, reply.status)


def _lost(session: Session, reply: Reply, request_id: bytes) -> bool:
    """The server doesn't know the session: by 404, or as many do, by a 400 that names no request."""
    if not session.id or reply.status not in {400, 404}:
        return False
    return reply.message is None or bytes(reply.message.id) != request_id


def _result(endpoint: Endpoint, reply: Reply, method: str) -> dict[str, Any]:
    if reply.message is None or not reply.message.result:
        raise _unexpected(endpoint, reply, method)
    try:
        result = parse_strict(bytes(reply.message.result))
    except NotRepresentable as reason:
        raise UpstreamBroken(f"The server's answer to {method} can't be used. {reason.message}") from None
    if not isinstance(result, dict):
        raise UpstreamBroken(f"The server's answer to {method} is not an object.")
    return result


def _unexpected(endpoint: Endpoint, reply: Reply, method: str) -> UpstreamBroken:
    error = error_of(reply.message)
    said = f": {eras.quoted(error.message)} ({error.code})" if error.code else ""
    return UpstreamBroken(
        f"The server answered {method} with status {reply.status}{said}. "
        "Check the connector's URL, then synchronise it: its protocol version may have changed."
    )


def _usable(tools: Any, era: str, endpoint: Endpoint) -> list[dict[str, Any]]:
    if not isinstance(tools, list) or not all(isinstance(tool, dict) and tool.get("name") for tool in tools):
        raise UpstreamBroken("The server's list of tools is not a list of named tools.")
    return [tool for tool in tools if era != MODERN or _is_well_annotated(tool, endpoint)]


def _is_well_annotated(tool: dict[str, Any], endpoint: Endpoint) -> bool:
    """The 2026-07-28 specification lets clients use no tool whose header annotations are invalid."""
    try:
        mirrored_parameters(tool.get("inputSchema"))
    except InvalidAnnotation as reason:
        logger.warning("A tool of connector %s is left out: %s.", endpoint.connector_id, reason)
        return False
    return True
