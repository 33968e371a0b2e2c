"""Servers that speak MCP themselves, over Streamable HTTP, in either protocol era."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

from connectors.definitions.sound import MOST_AT_ONCE, Remarks, label_of, sound_entries
from connectors.errors import UpstreamBroken, UpstreamError, before_the_request
from connectors.transports.base import (
    ABLE,
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
from connectors.transports.native.answers import answer_of
from connectors.transports.native.countdown import Countdown
from connectors.transports.native.http_sse import HttpSse
from connectors.transports.native.legacy import LegacyEra
from connectors.transports.native.message_body import message_body
from connectors.transports.native.modern import ModernEra
from connectors.transports.native.outgoing import Attached, SessionRequest
from connectors.transports.native.paging import pages
from connectors.transports.native.watch import OPENING_SECONDS, OpenCredentialFor, Watch
from connectors.transports.native.wire import Wire
from harriet.lib.egress import AsyncEgress
from harriet.lib.mcp.methods import TOOLS_LIST
from harriet.lib.mcp.param_headers import InvalidAnnotation, mirrored_parameters
from harriet.lib.mcp.versions import LEGACY, MODERN, SSE
from vault.opened import OpenCredential

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of one answer."""
OTHER_ERA = 8.0
"""Seconds for asking a server of the later era whether it speaks the earlier one too."""


class NativeTransport:
    """One per event loop. Sessions, eras and connections are kept between calls; `close()` it before its egress."""

    def __init__(self, egress: AsyncEgress, *, max_bytes: int = LARGEST_ANSWER) -> None:
        self._wire = Wire(egress, max_bytes)
        self._modern = ModernEra(self._wire)
        self._legacy = LegacyEra(self._wire)
        self._http_sse = HttpSse(self._wire)
        self._eras: dict[tuple[UUID, str], str] = {}

    async def close(self) -> None:
        await self._legacy.close()
        await self._http_sse.close()

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
        countdown = Countdown(deadline)
        era = endpoint.era
        if not era:
            with before_the_request():
                era = await self._era(endpoint, credential, countdown)
        attached = Attached.of(credential)
        request_id = self._wire.new_id()
        if era == MODERN:
            outgoing = self._modern.outgoing(endpoint, attached, caller, request_id, request, on_notification)
            return answer_of(await self._wire.ask(endpoint, outgoing, countdown), request_id, MODERN, request.method)
        body = message_body(request, eras.legacy_meta(request.meta), request_id)
        level = eras.log_level(request.meta)
        in_session = SessionRequest(
            endpoint, attached, caller, request_id, body, countdown, on_notification, on_question, level, on_stream
        )
        reply = await (self._http_sse if era == SSE else self._legacy).ask(in_session)
        return answer_of(reply, request_id, era, request.method)

    async def discover(self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float) -> Discovery:
        """Finds the era: server/discover first, initialize when that isn't understood, the old transport when that
        isn't even taken."""
        countdown = Countdown(deadline)
        attached = Attached.of(credential)
        discovery = await self._modern.try_to_discover(endpoint, attached, min(countdown.left() / 2, 10.0))
        if discovery is None:
            discovery = await self._discover_legacy(endpoint, attached, countdown)
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
            earlier = await self._legacy.discover(
                endpoint, Attached.of(credential), Countdown(min(deadline, OTHER_ERA))
            )
        except UpstreamError as problem:
            if LEGACY in known and not isinstance(problem, UpstreamBroken):
                raise
            return replace(found, eras=(MODERN,))
        capabilities = {**earlier.capabilities, **found.capabilities}
        return replace(found, eras=(MODERN, LEGACY), capabilities=capabilities)

    async def _discover_legacy(self, endpoint: Endpoint, attached: Attached, countdown: Countdown) -> Discovery:
        try:
            return await self._legacy.discover(endpoint, attached, countdown)
        except UpstreamBroken:
            old = await self._http_sse.try_to_discover(endpoint, attached, countdown)
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
        entries = await self._entries(endpoint, credential, method, member, Countdown(deadline), caller)
        if len(entries) <= MOST_AT_ONCE:
            return sound_entries(member, entries, remarks)
        return await asyncio.to_thread(sound_entries, member, entries, remarks)

    async def _entries(
        self,
        endpoint: Endpoint,
        credential: OpenCredential,
        method: str,
        member: str,
        countdown: Countdown,
        caller: Caller,
    ) -> list[Any]:
        era = endpoint.era or await self._era(endpoint, credential, countdown)
        attached = Attached.of(credential)
        if era == MODERN:
            return await pages(
                lambda asked, params: self._modern.ask(endpoint, attached, asked, params, countdown, caller),
                method,
                member,
            )
        sessions = self._http_sse if era == SSE else self._legacy
        async with sessions.own_session(endpoint, attached, caller, countdown) as ask:
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
            return endpoint.era or await self._era(endpoint, credential, Countdown(OPENING_SECONDS))

        watch = Watch(
            self._wire, self._legacy, self._http_sse, endpoint, open_credential, interest, on_notification, on_open
        )
        await watch.run(era)

    async def _era(self, endpoint: Endpoint, credential: OpenCredential, countdown: Countdown) -> str:
        known = self._eras.get((endpoint.connector_id, endpoint.url))
        return known or (await self.discover(endpoint, credential, deadline=countdown.left())).era


def _is_well_annotated(tool: dict[str, Any], remarks: Remarks) -> bool:
    """The 2026-07-28 specification lets clients use no tool whose header annotations are invalid."""
    try:
        mirrored_parameters(tool.get("inputSchema"))
    except InvalidAnnotation as reason:
        remarks.left_out.append(f"The tool {label_of(tool)} was left out: {reason}.")
        return False
    return True
