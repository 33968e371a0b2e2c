"""Servers that speak MCP themselves, over Streamable HTTP, in either protocol era."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from connectors.definitions.sound import Remarks, label_of, sound_entries
from connectors.errors import UpstreamBroken, UpstreamDown, UpstreamError, UpstreamTimeout, before_the_request
from connectors.transports.base import (
    ABLE,
    NOBODY,
    Caller,
    Discovery,
    Endpoint,
    Interest,
    OnNotification,
    OnQuestion,
    OnStream,
    Request,
    UpstreamAnswer,
)
from connectors.transports.native import eras
from connectors.transports.native.answers import answer_of, result_of
from connectors.transports.native.deadline import Clock
from connectors.transports.native.envelope import error_of
from connectors.transports.native.http_sse import OldTransport
from connectors.transports.native.legacy import LegacyEra
from connectors.transports.native.outgoing import Attached, Outgoing, Reply
from connectors.transports.native.paging import MOST_AT_ONCE, pages
from connectors.transports.native.watch import OPENING_SECONDS, OpenCredentialFor, Watch
from connectors.transports.native.wire import Wire
from harriet.lib.egress import AsyncEgress
from harriet.lib.mcp.error_codes import UNSUPPORTED_VERSION
from harriet.lib.mcp.headers import METHOD_HEADER, NAME_HEADER
from harriet.lib.mcp.methods import SERVER_DISCOVER, TOOLS_CALL, TOOLS_LIST
from harriet.lib.mcp.param_headers import (
    InvalidAnnotation,
    ParamHeader,
    encode_value,
    mirrored_parameters,
    parameter_headers,
)
from harriet.lib.mcp.versions import LEGACY, MODERN, SSE
from vault.opened import OpenCredential

MAX_ANSWER = 16 * 1024 * 1024
OTHER_ERA = 8.0
"""Seconds for asking a server of the later era whether it speaks the earlier one too."""
_PLANS = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same in every call of one tool."""

    schema: Mapping[str, Any]
    headers: dict[str, str]
    mirrored: tuple[ParamHeader, ...]


class NativeTransport:
    """One per event loop. Sessions, eras and connections are kept between calls; `close()` it before its egress."""

    def __init__(self, egress: AsyncEgress, *, max_bytes: int = MAX_ANSWER) -> None:
        self._wire = Wire(egress, max_bytes)
        self._legacy = LegacyEra(self._wire)
        self._old = OldTransport(self._wire)
        self._eras: dict[tuple[UUID, str], str] = {}
        self._plans: dict[tuple[int, str], Plan] = {}

    async def close(self) -> None:
        await self._legacy.close()
        await self._old.close()

    async def request(
        self,
        endpoint: Endpoint,
        credential: OpenCredential,
        request: Request,
        *,
        caller: Caller,
        deadline: float,
        on_notification: OnNotification | None = None,
        on_question: OnQuestion | None = None,
        on_stream: OnStream | None = None,
    ) -> UpstreamAnswer:
        """What the request carries is sent as it is. Cancelling the task cancels the request at the server."""
        clock = Clock(deadline)
        era = endpoint.era
        if not era:
            with before_the_request():
                era = await self._era(endpoint, credential, clock)
        attached = Attached.of(credential)
        request_id = self._wire.new_id()
        if era == MODERN:
            body = _body(request, eras.modern_meta(request.meta, caller), request_id)
            outgoing = Outgoing(request_id, body, attached.within(self._headers(endpoint, request)), on_notification)
            return answer_of(await self._wire.ask(endpoint, outgoing, clock), request_id, MODERN, request.method)
        body = _body(request, eras.legacy_meta(request.meta), request_id)
        level = eras.log_level(request.meta)
        way = endpoint, attached, caller, request_id, body, clock, on_notification, on_question
        if era == SSE:
            reply = await self._old.ask(*way, log_level=level)
        else:
            reply = await self._legacy.ask(*way, log_level=level, on_stream=on_stream)
        return answer_of(reply, request_id, era, request.method)

    async def discover(self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float) -> Discovery:
        """Finds the era: server/discover first, initialize when that isn't understood, the old transport when that
        isn't even taken."""
        clock = Clock(deadline)
        attached = Attached.of(credential)
        discovery = await self._try_modern(endpoint, attached, min(clock.left() / 2, 10.0))
        if discovery is None:
            discovery = await self._discover_legacy(endpoint, attached, clock)
        self._eras[endpoint.connector_id, endpoint.url] = discovery.era
        return discovery

    async def discover_eras(
        self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float, known: Collection[str] = ()
    ) -> Discovery:
        """The same, and whether a server of the later era speaks the earlier one beside it. What it can do is told of
        both together. Raises UpstreamError, also when the earlier era alone, known from before, is away."""
        found = await self.discover(endpoint, credential, deadline=deadline)
        if found.era != MODERN:
            return replace(found, eras=(found.era,))
        try:
            earlier = await self._legacy.discover(endpoint, Attached.of(credential), Clock(min(deadline, OTHER_ERA)))
        except UpstreamError as problem:
            if LEGACY in known and not isinstance(problem, UpstreamBroken):
                raise
            return replace(found, eras=(MODERN,))
        capabilities = {**earlier.capabilities, **found.capabilities}
        return replace(found, eras=(MODERN, LEGACY), capabilities=capabilities)

    async def _discover_legacy(self, endpoint: Endpoint, attached: Attached, clock: Clock) -> Discovery:
        try:
            return await self._legacy.discover(endpoint, attached, clock)
        except UpstreamBroken:
            old = await self._old.try_to_discover(endpoint, attached, clock)
            if old is None:
                raise
            return old

    async def list_tools(
        self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float, remarks: Remarks | None = None
    ) -> list[dict[str, Any]]:
        """All pages, whole definitions. Raises UpstreamBroken beyond what a server may reasonably offer."""
        remarks = remarks or Remarks()
        tools = await self.list_all(endpoint, credential, TOOLS_LIST, "tools", deadline=deadline, remarks=remarks)
        if endpoint.era == MODERN or self._eras.get((endpoint.connector_id, endpoint.url)) == MODERN:
            return [tool for tool in tools if _is_well_annotated(tool, remarks)]
        return tools

    async def list_all(
        self,
        endpoint: Endpoint,
        credential: OpenCredential,
        method: str,
        member: str,
        *,
        deadline: float,
        caller: Caller = ABLE,
        remarks: Remarks | None = None,
    ) -> list[dict[str, Any]]:
        """All pages of a list that a server gives, each entry as it came if it can be taken as JSON at all; what can't
        is told to `remarks`. Raises UpstreamError."""
        remarks = remarks or Remarks()
        entries = await self._entries(endpoint, credential, method, member, Clock(deadline), caller)
        if len(entries) <= MOST_AT_ONCE:
            return sound_entries(member, entries, remarks)
        return await asyncio.to_thread(sound_entries, member, entries, remarks)

    async def _entries(
        self,
        endpoint: Endpoint,
        credential: OpenCredential,
        method: str,
        member: str,
        clock: Clock,
        caller: Caller,
    ) -> list[Any]:
        era = endpoint.era or await self._era(endpoint, credential, clock)
        attached = Attached.of(credential)
        if era == MODERN:
            return await pages(
                lambda asked, params: self._ask(endpoint, attached, asked, params, clock, caller), method, member
            )
        sessions = self._old if era == SSE else self._legacy
        async with sessions.own_session(endpoint, attached, caller, clock) as ask:
            return await pages(ask, method, member)

    async def watch(
        self,
        endpoint: Endpoint,
        open_credential: OpenCredentialFor,
        interest: Interest,
        *,
        on_notification: OnNotification,
        on_open: Callable[[], None] = lambda: None,
    ) -> None:
        """Passes on what the server says of its own accord, until cancelled; connects again when the stream ends or
        the server is away, and says each time when it hears. Raises UpstreamError when waiting doesn't help: the
        server has no such stream."""

        async def era(credential: OpenCredential) -> str:
            return endpoint.era or await self._era(endpoint, credential, Clock(OPENING_SECONDS))

        watch = Watch(
            self._wire, self._legacy, self._old, endpoint, open_credential, interest, on_notification, on_open
        )
        await watch.run(era)

    async def _era(self, endpoint: Endpoint, credential: OpenCredential, clock: Clock) -> str:
        known = self._eras.get((endpoint.connector_id, endpoint.url))
        return known or (await self.discover(endpoint, credential, deadline=clock.left())).era

    async def _try_modern(self, endpoint: Endpoint, attached: Attached, seconds: float) -> Discovery | None:
        ask = partial(self._ask, endpoint, attached, SERVER_DISCOVER, {}, Clock(seconds), NOBODY)
        try:
            reply = await ask()
            if error_of(reply.message).code == UNSUPPORTED_VERSION and eras.is_offered(error_of(reply.message)):
                reply = await ask()  # it wants what it got: once more, and then it is no server of this era
        except UpstreamBroken:
            return None  # old servers don't know what to make of it; initialize will tell
        except (UpstreamDown, UpstreamTimeout) as error:
            if not error.may_have_run:
                raise
            return None
        if reply.message is None or not reply.message.result:
            return None
        return eras.read_discovered(result_of(reply, SERVER_DISCOVER))

    async def _ask(
        self, endpoint: Endpoint, attached: Attached, method: str, params: dict[str, Any], clock: Clock, caller: Caller
    ) -> Reply:
        """One request of the modern era that carries nothing of a client's."""
        request_id = self._wire.new_id()
        members = msgspec.json.encode(params)[1:-1]
        body = _body(Request(method, members), eras.modern_meta(None, caller), request_id)
        within = attached.within({**eras.MODERN_HEADERS, METHOD_HEADER: method})
        return await self._wire.ask(endpoint, Outgoing(request_id, body, within), clock)

    def _headers(self, endpoint: Endpoint, request: Request) -> dict[str, str]:
        """What a modern request repeats of itself; worked out once per tool."""
        if request.input_schema is None:
            named = {NAME_HEADER: encode_value(request.name)} if request.name else {}
            return {**eras.MODERN_HEADERS, METHOD_HEADER: request.method, **named}
        key = (endpoint.connector_id.int, request.name)  # a UUID hashes itself slowly
        plan = self._plans.get(key)
        if plan is None or plan.schema is not request.input_schema:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            plan = self._plans[key] = _new_plan(request.name, request.input_schema)
        if not plan.mirrored:
            return plan.headers
        return {**plan.headers, **parameter_headers(plan.mirrored, request.arguments)}


def _body(request: Request, meta: bytes, request_id: bytes) -> bytes:
    comma = b"," if meta and request.members else b""
    method = _METHODS.get(request.method) or msgspec.json.encode(request.method)
    return b'{"jsonrpc":"2.0","method":%b,"params":{%b%b%b},"id":%b}' % (
        method,
        request.members,
        comma,
        meta,
        request_id,
    )


_METHODS = {TOOLS_CALL: msgspec.json.encode(TOOLS_CALL)}


def _new_plan(tool: str, schema: Mapping[str, Any]) -> Plan:
    try:
        mirrored = mirrored_parameters(schema)
    except InvalidAnnotation as reason:
        raise UpstreamBroken(f"The tool's definition breaks the protocol: {reason}.", may_have_run=False) from None
    headers = {**eras.MODERN_HEADERS, METHOD_HEADER: TOOLS_CALL, NAME_HEADER: encode_value(tool)}
    return Plan(schema, headers, mirrored)


def _is_well_annotated(tool: dict[str, Any], remarks: Remarks) -> bool:
    """The 2026-07-28 specification lets clients use no tool whose header annotations are invalid."""
    try:
        mirrored_parameters(tool.get("inputSchema"))
    except InvalidAnnotation as reason:
        remarks.left_out.append(f"The tool {label_of(tool)} was left out: {reason}.")
        return False
    return True
