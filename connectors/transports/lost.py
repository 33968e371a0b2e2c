"""Whether a server has lost a session, and so certainly didn't work on a request that was made in it.

A request that may have had an effect is never repeated, so this doesn't guess. By the specification a 404 for a request
with a session id means that the session is unknown (SPEC 2025-11-25 basic/transports, session management); many servers
say it with a 400 instead, and some answer 404 for reasons of their tools' own. What isn't plain is found out with a
ping in the same session: a server that refuses even that knows the session no more.
"""

from __future__ import annotations

import re
from enum import Enum

from ..errors import UpstreamBroken
from .envelope import error_of
from .exchange import Reply

_EMPTY_WORDS = frozenset({"", "http", "error", "status", "the", "page", "resource", "was", "404", "not", "found"})
"""What servers say that say nothing but 404."""
_OF_SESSIONS = ("session", "initialize", "initialise", "transport")
_WORD = re.compile(r"[^a-z0-9]+")
UNKNOWN_SESSION = -32001
"""The official TypeScript SDK's code for it."""


class Loss(Enum):
    NONE = "the session is as it was"
    PLAIN = "the server says that it doesn't know the session"
    OPEN = "it may be meant so"


def loss_in(reply: Reply, request_id: bytes) -> Loss:
    """Of a request in a session."""
    if reply.status not in {400, 404} or reply.failure is None:
        return Loss.NONE
    error = error_of(reply.message)
    said = (error.message or reply.failure.said)[:1000].lower()
    is_about_sessions = any(word in said for word in _OF_SESSIONS)
    if reply.status == 400:
        return Loss.OPEN if is_about_sessions or _names_no_request(reply, request_id) else Loss.NONE
    is_plain = is_about_sessions or error.code == UNKNOWN_SESSION or _EMPTY_WORDS.issuperset(_WORD.split(said))
    return Loss.PLAIN if is_plain else Loss.OPEN


def _names_no_request(reply: Reply, request_id: bytes) -> bool:
    """A JSON-RPC error that doesn't say which request it is about."""
    return reply.message is not None and bytes(reply.message.id) != request_id


def forgetful(reply: Reply) -> UpstreamBroken:
    """For a server that lost a session as soon as it had opened it."""
    failure = reply.failure
    host = failure.host if failure else "the connector's address"
    return UpstreamBroken(
        f"The server at {host} opened a session and didn't know it a moment later.",
        said=error_of(reply.message).message or (failure.said if failure else ""),
        advice="If it runs on several machines, its balancer has to keep each session at one of them.",
        is_refusal=True,
    )
