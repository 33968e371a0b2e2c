"""Whether a server has lost a session, and so certainly didn't work on a request that was made in it.

A request that may have had an effect is never repeated, so this doesn't guess. By the specification a 404 for a request
with a session id means that the session is unknown (SPEC 2025-11-25 basic/transports, session management); many servers
say it with a 400 or another status instead, or in an error under 200, and some answer 404 for reasons of their tools'
own. What isn't plain is found out with a ping in the same session: a server that refuses even that, in the same words,
knows the session no more.
"""

from __future__ import annotations

import re
from enum import Enum

from connectors.errors import UpstreamBroken
from connectors.transports.native.envelope import error_of
from connectors.transports.native.outgoing import ServerReply
from harriet.lib.mcp.methods import INITIALIZE

_PLAIN = frozenset(
    {"a", "an", "and", "no", "not", "or", "such", "t", "the", "this", "for", "with"}
    | {"been", "could", "does", "doesn", "has", "is", "was", "exist", "exists", "found", "find", "provided"}
    | {"session", "sessions", "sessionid", "mcp", "id", "header", "http", "client", "request", "error"}
    | {"bad", "closed", "deleted", "ended", "expired", "gone", "invalid", "lost", "missing", "terminated"}
    | {"unknown", "valid"}
)
"""The words in which servers say that they don't know a session: with any other word it may be a tool's own."""
_WORD = re.compile(r"[^a-z]+")
_NAMES = re.compile(r"\S*[0-9]\S*")
_OF_SESSIONS = ("session", INITIALIZE, "initialise", "transport")


class Loss(Enum):
    """What an answer says of the session it was asked in."""

    NONE = "the session is as it was"
    PLAIN = "the server says that it doesn't know the session"
    OPEN = "it may be meant so"


def loss_in(reply: ServerReply, request_id: bytes) -> Loss:
    """Of a request in a session."""
    if not is_refusal(reply) or reply.status >= 500:
        return Loss.NONE
    said = _said(reply)
    if reply.status == 404:
        return Loss.PLAIN if _is_plain(said, reply) else Loss.OPEN
    is_about_sessions = any(word in said for word in _OF_SESSIONS)
    names_none = reply.status == 400 and _names_no_request(reply, request_id)
    return Loss.OPEN if is_about_sessions or names_none else Loss.NONE


def is_refusal(reply: ServerReply) -> bool:
    """An HTTP error, or a JSON-RPC error."""
    return reply.failure is not None or (reply.message is not None and bool(reply.message.error))


def is_same_refusal(reply: ServerReply, ping: ServerReply) -> bool:
    """Whether a ping was refused as the request was: then it wasn't the request that was refused."""
    return ping.status == reply.status and is_refusal(ping) and _said(ping) == _said(reply)


def _said(reply: ServerReply) -> str:
    """Without what names a request or a moment, and without case."""
    words = error_of(reply.message).message or (reply.failure.said if reply.failure is not None else "")
    return _NAMES.sub(" ", words[:1000]).lower().strip()


def _is_plain(said: str, reply: ServerReply) -> bool:
    if not said:
        return reply.failure is not None and not reply.failure.body.strip()
    words = set(_WORD.split(said)) - {""}
    return words <= _PLAIN and any("session" in word for word in words)


def _names_no_request(reply: ServerReply, request_id: bytes) -> bool:
    """A JSON-RPC error that doesn't say which request it is about."""
    return reply.message is not None and bytes(reply.message.id) != request_id


def lost_at_once(reply: ServerReply) -> UpstreamBroken:
    """For a server that lost a session as soon as it had opened it."""
    failure = reply.failure
    host = failure.host if failure else "the connector's address"
    return UpstreamBroken(
        f"The server at {host} opened a session and didn't know it a moment later.",
        said=error_of(reply.message).message or (failure.said if failure else ""),
        advice="If it runs on several machines, its balancer has to keep each session at one of them.",
        is_refusal=True,
    )
