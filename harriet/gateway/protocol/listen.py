"""Serves the streams on which clients listen: the GET of a session, the rest of an answer, subscriptions/listen."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec

from connectors.models import Tool
from harriet.gateway.errors import ACCESS_LOST, AccessEnded, RpcRefusal, Unavailable
from harriet.gateway.http.journal import EventId
from harriet.gateway.protocol.task_stream import telling, wanted_tasks
from harriet.gateway.protocol.visit import Visit
from harriet.gateway.streams.hub import HEARS_NOTHING, fingerprints
from harriet.gateway.streams.listening_client import ListeningClient
from harriet.gateway.streams.sessions import OpenSession
from harriet.lib.mcp.error_codes import INVALID_PARAMS
from harriet.lib.mcp.meta import SUBSCRIPTION_ID_KEY
from harriet.lib.mcp.notifications import (
    LIST_CHANGED,
    LISTENED_AS,
    LISTENED_TASKS,
    LISTENED_URIS,
    LOG_MESSAGE,
    SUBSCRIPTIONS_ACKNOWLEDGED,
)
from harriet.people.stop_rules import sentence

MOST_URIS = 256
"""Resources in one subscriptions/listen."""
_KINDS: dict[str, str] = {"prompts": Tool.Kind.PROMPT, "resources": Tool.Kind.RESOURCES}


async def serve_get(visit: Visit, session: OpenSession) -> None:
    """The stream of a session: everything that it may hear."""
    visit.exchange.reply.may_stream = True
    await visit.exchange.reply.keep_alive()
    # From here on its client counts on hearing everything, so nothing is waited for until the hub has the listener.
    uris = visit.runtime.sessions.learned(session).subscriptions
    listener = _listener(visit, frozenset(LIST_CHANGED), uris)
    listener.session = session
    await visit.runtime.hub.serve(listener)
    why = _why_ended(listener, "Nothing more is told here.")
    if why and _may_log(visit):
        said = {"level": "alert", "logger": "harriet", "data": why}
        await visit.exchange.reply.notify(_log_message(said))
    await visit.exchange.reply.finish(200, b"")


def _why_ended(listener: ListeningClient, what_now: str) -> str:
    """Empty when it ended as streams end."""
    if listener.stop is not None:
        return sentence(listener.stop, what_now)
    return ACCESS_LOST.format(what_now) if listener.has_lost_access else ""


def _may_log(visit: Visit) -> bool:
    """A stream that answers no request has no other way to say why it ends; it is for those who were offered logs."""
    view = visit.view()
    return any("logging" in connector.capabilities for connector in view.connectors)


def _log_message(params: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "method": LOG_MESSAGE, "params": params})


async def serve_resumed(visit: Visit, session: OpenSession, wanted: EventId) -> None:
    """The rest of a call's stream, whose connection broke. It ends with the call, or like any other stream."""
    listener, reply = _listener(visit, frozenset(), frozenset()), visit.exchange.reply
    listener.session, listener.is_rest_of_answer, reply.may_stream = session, True, True
    await reply.keep_alive()
    replay = asyncio.create_task(visit.runtime.replays.replay(session.id, wanted, reply))
    replay.add_done_callback(lambda _: listener.end())
    try:
        await visit.runtime.hub.serve(listener)
    finally:
        replay.cancel()
        await asyncio.gather(replay, return_exceptions=True)
    await reply.finish(200, b"")


async def serve_listen(
    visit: Visit, rpc_id: bytes, notifications: dict[str, Any], client: str, *, with_tasks: bool = False
) -> None:
    """subscriptions/listen: what was asked for and nothing else, after an acknowledgement of it. `with_tasks`: the
    client declares the extension. Raises RpcRefusal."""
    listener = _listener(visit, *_granted(visit, notifications))
    tasks = wanted_tasks(visit, notifications) if with_tasks else {}
    listener.rpc_id, listener.client = rpc_id, client
    visit.exchange.reply.may_stream = True
    listener.tell(SUBSCRIPTIONS_ACKNOWLEDGED, {"notifications": _honoured(listener, tasks)})
    async with telling(visit, listener, tasks):
        await visit.runtime.hub.serve(listener)
    if listener.stop is not None:
        raise Unavailable(sentence(listener.stop, HEARS_NOTHING))
    if listener.has_lost_access:
        raise AccessEnded(ACCESS_LOST.format("Nothing more is told of changes."))
    meta = {SUBSCRIPTION_ID_KEY: msgspec.Raw(rpc_id)}
    result = msgspec.json.encode({"resultType": "complete", "_meta": meta})
    await visit.exchange.reply.finish(200, b'{"jsonrpc":"2.0","id":' + rpc_id + b',"result":' + result + b"}")


def _granted(visit: Visit, notifications: dict[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """The lists and the resources of which the client hears, of those that it asked for. Raises RpcRefusal."""
    uris = notifications.get(LISTENED_URIS, [])
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris) or len(uris) > MOST_URIS:
        raise RpcRefusal(INVALID_PARAMS, f"resourceSubscriptions is a list of at most {MOST_URIS} addresses.")
    view = visit.view()
    offered = {"tools"} | {what for what, kind in _KINDS.items() if kind in view.changing}
    wants = frozenset(what for what in offered if notifications.get(LISTENED_AS[what]) is True)
    owners_of = visit.runtime.hub.watchers.owners_of
    return wants, frozenset(uri for uri in uris if owners_of(uri, view, visit.profile))


def _honoured(listener: ListeningClient, tasks: dict[UUID, str]) -> dict[str, Any]:
    honoured: dict[str, Any] = {LISTENED_AS[what]: True for what in sorted(listener.wants)}
    if listener.uris:
        honoured[LISTENED_URIS] = sorted(listener.uris)
    if tasks:
        honoured[LISTENED_TASKS] = list(tasks.values())
    return honoured


def _listener(visit: Visit, wants: frozenset[str], uris: frozenset[str]) -> ListeningClient:
    return ListeningClient(
        exchange=visit.exchange,
        organization=visit.snapshot.facts.slug,
        principal=visit.principal,
        profile=visit.profile,
        wants=wants,
        uris=uris,
        shown=fingerprints(visit.view()),
        client=visit.session.client if visit.session is not None else "",
    )
