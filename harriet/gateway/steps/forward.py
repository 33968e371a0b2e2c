"""Step ⑦: the call on its way to the server."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import msgspec

from connectors.models import Tool
from connectors.transports.base import Caller, Endpoint, Request, UpstreamAnswer
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.notifications import ServerMessages
from harriet.gateway.steps.request import Call, Sent
from harriet.gateway.steps.upstream import OnListChange, Upstream
from harriet.lib.mcp.methods import COMPLETION_COMPLETE, PROMPTS_GET, RESOURCES_READ, TOOLS_CALL
from vault.opened import OpenCredential
from vault.stored import SealedCredential


async def forward(
    call: Call, grant: Grant, credential: OpenCredential, upstream: Upstream, on_list_change: OnListChange, sent: Sent
) -> UpstreamAnswer:
    """One request to the server, with one deadline over everything but the time in which people answer."""
    connector = grant.tool.connector
    era = grant.tool.era_for(call.speaks_sessions)
    endpoint = Endpoint(connector.id, connector.kind, connector.url, connector.reach, era)
    sealed = call.snapshot.credentials.get(connector.id)
    messages = ServerMessages(call, connector, era, sent.redactor, on_list_change)
    asked = call.asker.capabilities
    request = request_to(call, grant, messages.meta())
    sent.has_left = True
    return await upstream.transports.transport_for(connector.kind).request(
        endpoint,
        credential,
        request,
        caller=Caller(
            session_key=(
                call.session_key or call.principal.token_id,
                connector.revision,
                _signed_in_with(sealed, sent),
            ),
            capabilities=msgspec.json.encode(asked, order="deterministic") if asked else b"{}",
            sessionless_id=None if call.has_session else call.principal.token_id,
            roots_version=call.roots_version,
        ),
        deadline=upstream.deadline_seconds,
        on_notification=messages.pass_on,
        on_question=messages.ask if asked else None,
        on_stream=messages,
    )


def _signed_in_with(sealed: SealedCredential | None, sent: Sent) -> Hashable:
    """A session with a server belongs to one secret, or to one consent: another may be for another account."""
    if sent.access is not None:
        return sent.access.grant_id, sent.access.since
    return sealed and sealed.version


def request_to(call: Call, grant: Grant, meta: dict[str, Any] | None) -> Request:
    """What is sent, under the names that the server knows."""
    row = grant.tool
    if call.method == COMPLETION_COMPLETE:
        return Request(call.method, call.arguments[1:-1], meta=meta)
    if row.kind == Tool.Kind.RESOURCES:
        uri = str(call.values["uri"])
        return Request(RESOURCES_READ, b'"uri":' + msgspec.json.encode(uri) + call.more, uri, meta=meta)
    members = b'"name":%b,"arguments":%b%b' % (msgspec.json.encode(row.name), call.arguments, call.more)
    if row.kind == Tool.Kind.PROMPT:
        return Request(PROMPTS_GET, members, row.name, meta=meta)
    schema = row.pinned_for(call.speaks_sessions).definition.get("inputSchema", {})
    return Request(TOOLS_CALL, members, row.name, call.arguments, schema, meta)
