"""Servers that speak MCP themselves, over Streamable HTTP, in either protocol era."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from harriet.lib.egress import AsyncEgress
from vault.open import OpenCredential

from ..errors import UpstreamBroken, UpstreamDown, UpstreamTimeout
from . import eras
from .answers import answer_of, result_of
from .base import LEGACY, MODERN, Discovery, Endpoint, OnNotification, UpstreamAnswer
from .clock import Clock
from .envelope import request
from .legacy import LegacyEra
from .mirrored import InvalidAnnotation, Mirrored, header_value, mirrored_parameters, parameter_headers
from .wire import Attached, Outgoing, Reply, Wire

logger = logging.getLogger(__name__)

MAX_ANSWER = 16 * 1024 * 1024
MAX_PAGES = 100
MAX_TOOLS = 5000
_PLANS = 10_000

Ask = Callable[[str, dict[str, Any]], Awaitable[Reply]]


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
        self._legacy = LegacyEra(self._wire)
        self._eras: dict[tuple[UUID, str], str] = {}
        self._plans: dict[tuple[UUID, str], Plan] = {}

    async def close(self) -> None:
        await self._legacy.close()

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
        clock = Clock(deadline)
        era = endpoint.era or await self._era(endpoint, credential, clock)
        plan = self._plan(endpoint, tool, input_schema)
        attached = Attached.of(credential)
        request_id = self._wire.new_id()
        member = eras.modern_meta(meta) if era == MODERN else eras.legacy_meta(meta)
        body = plan.head + member + b',"arguments":' + arguments + b'},"id":' + request_id + b"}"
        if era == MODERN:
            attached = attached.within(plan.headers)
            if plan.mirrored:
                attached = attached.within(parameter_headers(plan.mirrored, arguments))
            outgoing = Outgoing(request_id, body, attached, on_notification)
            return answer_of(await self._wire.ask(endpoint, outgoing, clock.left()), request_id, MODERN)
        key = (session_key, endpoint.connector_id, endpoint.url)
        reply = await self._legacy.ask(endpoint, attached, key, request_id, body, clock, on_notification)
        return answer_of(reply, request_id, LEGACY)

    async def discover(self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float) -> Discovery:
        """Finds the era: server/discover first, initialize when that isn't understood."""
        clock = Clock(deadline)
        attached = Attached.of(credential)
        discovery = await self._try_modern(endpoint, attached, min(clock.left() / 2, 10.0))
        if discovery is None:
            discovery = await self._legacy.discover(endpoint, attached, clock)
        self._eras[endpoint.connector_id, endpoint.url] = discovery.era
        return discovery

    async def list_tools(
        self, endpoint: Endpoint, credential: OpenCredential, *, deadline: float
    ) -> list[dict[str, Any]]:
        """All pages, whole definitions. Raises UpstreamBroken beyond what a server may reasonably offer."""
        clock = Clock(deadline)
        era = endpoint.era or await self._era(endpoint, credential, clock)
        attached = Attached.of(credential)
        if era == MODERN:
            tools = await _pages(lambda method, params: self._ask(endpoint, attached, method, params, clock.left()))
            return [tool for tool in tools if _is_well_annotated(tool, endpoint)]
        async with self._legacy.own_session(endpoint, attached, clock) as ask:
            return await _pages(ask)

    async def _era(self, endpoint: Endpoint, credential: OpenCredential, clock: Clock) -> str:
        known = self._eras.get((endpoint.connector_id, endpoint.url))
        return known or (await self.discover(endpoint, credential, deadline=clock.left())).era

    async def _try_modern(self, endpoint: Endpoint, attached: Attached, seconds: float) -> Discovery | None:
        try:
            reply = await self._ask(endpoint, attached, "server/discover", {}, seconds)
        except UpstreamBroken:
            return None  # old servers don't know what to make of it; initialize will tell
        except (UpstreamDown, UpstreamTimeout) as error:
            if not error.may_have_run:
                raise
            return None
        if reply.message is None or not reply.message.result:
            return None
        return eras.read_discovered(result_of(reply, "server/discover"))

    async def _ask(
        self, endpoint: Endpoint, attached: Attached, method: str, params: dict[str, Any], seconds: float
    ) -> Reply:
        """One request of the modern era."""
        request_id = self._wire.new_id()
        body = request(request_id, method, {**params, "_meta": eras.MODERN_META})
        within = attached.within({**eras.MODERN_HEADERS, "Mcp-Method": method})
        return await self._wire.ask(endpoint, Outgoing(request_id, body, within), seconds)

    def _plan(self, endpoint: Endpoint, tool: str, schema: dict[str, Any]) -> Plan:
        key = (endpoint.connector_id, tool)
        plan = self._plans.get(key)
        if plan is None or plan.schema is not schema:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            plan = self._plans[key] = _new_plan(tool, schema)
        return plan


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


async def _pages(ask: Ask) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = []
    params: dict[str, Any] = {}
    for _ in range(MAX_PAGES):
        result = result_of(await ask("tools/list", params), "tools/list")
        tools += _named(result.get("tools"))
        cursor = result.get("nextCursor")
        if cursor is None:
            return tools
        if len(tools) > MAX_TOOLS or not isinstance(cursor, str) or params.get("cursor") == cursor:
            break
        params = {"cursor": cursor}
    raise UpstreamBroken(f"The server's list of tools doesn't end (beyond {len(tools)} tools).")


def _named(tools: Any) -> list[dict[str, Any]]:
    if not isinstance(tools, list) or not all(isinstance(tool, dict) and _has_name(tool) for tool in tools):
        raise UpstreamBroken("The server's list of tools is not a list of named tools.")
    return tools


def _has_name(tool: dict[str, Any]) -> bool:
    return isinstance(tool.get("name"), str) and bool(tool["name"])


def _is_well_annotated(tool: dict[str, Any], endpoint: Endpoint) -> bool:
    """The 2026-07-28 specification lets clients use no tool whose header annotations are invalid."""
    try:
        mirrored_parameters(tool.get("inputSchema"))
    except InvalidAnnotation as reason:
        logger.warning("A tool of connector %s is left out: %s.", endpoint.connector_id, reason)
        return False
    return True
