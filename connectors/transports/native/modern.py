"""The modern era (2026-07-28): each request stands alone, and repeats of itself in headers what is routed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from connectors.errors import UpstreamBroken, UpstreamDown, UpstreamTimeout
from connectors.transports.base import NOBODY, Caller, Discovery, Endpoint, OnNotification, Request
from connectors.transports.native import eras
from connectors.transports.native.answers import result_of
from connectors.transports.native.countdown import Countdown
from connectors.transports.native.envelope import error_of
from connectors.transports.native.message_body import message_body
from connectors.transports.native.outgoing import Attached, Outgoing, ServerReply
from connectors.transports.native.wire import Wire
from harriet.lib.mcp.error_codes import UNSUPPORTED_VERSION
from harriet.lib.mcp.headers import METHOD_HEADER, NAME_HEADER
from harriet.lib.mcp.methods import SERVER_DISCOVER, TOOLS_CALL
from harriet.lib.mcp.param_headers import (
    InvalidAnnotation,
    ParamHeader,
    encode_value,
    mirrored_parameters,
    parameter_headers,
)

_PLANS = 10_000
"""Tools whose headers are remembered."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same in every call of one tool."""

    schema: Mapping[str, Any]
    headers: dict[str, str]
    mirrored: tuple[ParamHeader, ...]


class ModernEra:
    """Keeps nothing of servers but what the same tool's next call repeats."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._plans: dict[tuple[int, str], Plan] = {}

    def outgoing(
        self,
        endpoint: Endpoint,
        attached: Attached,
        caller: Caller,
        request_id: bytes,
        request: Request,
        on_notification: OnNotification | None,
    ) -> Outgoing:
        """A client's request, ready to be sent. Raises UpstreamBroken for a tool that no client may use."""
        body = message_body(request, eras.modern_meta(request.meta, caller), request_id)
        return Outgoing(request_id, body, attached.within(self._headers(endpoint, request)), on_notification)

    async def try_to_discover(self, endpoint: Endpoint, attached: Attached, seconds: float) -> Discovery | None:
        ask = partial(self.ask, endpoint, attached, SERVER_DISCOVER, {}, Countdown(seconds), NOBODY)
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

    async def ask(
        self,
        endpoint: Endpoint,
        attached: Attached,
        method: str,
        params: dict[str, Any],
        countdown: Countdown,
        caller: Caller,
    ) -> ServerReply:
        """One request of the modern era that carries nothing of a client's."""
        request_id = self._wire.new_id()
        members = msgspec.json.encode(params)[1:-1]
        body = message_body(Request(method, members), eras.modern_meta(None, caller), request_id)
        within = attached.within({**eras.MODERN_HEADERS, METHOD_HEADER: method})
        return await self._wire.ask(endpoint, Outgoing(request_id, body, within), countdown)

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


def _new_plan(tool: str, schema: Mapping[str, Any]) -> Plan:
    try:
        mirrored = mirrored_parameters(schema)
    except InvalidAnnotation as reason:
        raise UpstreamBroken(f"The tool's definition breaks the protocol: {reason}.", may_have_run=False) from None
    headers = {**eras.MODERN_HEADERS, METHOD_HEADER: TOOLS_CALL, NAME_HEADER: encode_value(tool)}
    return Plan(schema, headers, mirrored)
