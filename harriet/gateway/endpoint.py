"""The MCP endpoint in front of Django: /mcp/<organization>/<profile> and the health pages; raw ASGI."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.db import Error as DatabaseError
from django.http.request import split_domain_port, validate_host

from connectors.access.facts import ProfileRow
from harriet.gateway.errors import NO_DATABASE, OUR_FAULT, RETRY_SOON, HttpRefusal, RpcRefusal
from harriet.gateway.http.asgi import Receive, Scope, Send
from harriet.gateway.http.bearer import token_in
from harriet.gateway.http.challenges import challenge
from harriet.gateway.http.cors import headers_for, preflight_headers
from harriet.gateway.http.exchange import HttpExchange, joined, read_body, refusal_body
from harriet.gateway.http.guessing import Guesses
from harriet.gateway.http.journal import EventId
from harriet.gateway.http.page_bodies import serve_pages
from harriet.gateway.http.reply import CLOSE, HttpReply
from harriet.gateway.metrics_page import serve_metrics
from harriet.gateway.policy.ended_tokens import why_ended
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.snapshots import Snapshots
from harriet.gateway.protocol.dispatch import answer
from harriet.gateway.protocol.listen import serve_get, serve_resumed
from harriet.gateway.protocol.visit import Visit
from harriet.gateway.runtime import Runtime
from harriet.lib.mcp.headers import RAW_PROTOCOL_VERSION_HEADER, RAW_SESSION_ID_HEADER
from harriet.lib.mcp.versions import MODERN_VERSIONS
from harriet.people.tokens import PREFIXES, hash_token

log = logging.getLogger(__name__)

METHODS = frozenset({"GET", "POST", "DELETE"})
MODERN = frozenset(version.encode() for version in MODERN_VERSIONS)
"""These have no sessions: whatever id comes along is passed over."""

_NEEDS_TOKEN = (
    "Send your Harriet token in the header Authorization: Bearer …. You find out how to connect your client, and make "
    f"a device credential, at {settings.BASE_URL}/me/connect/."
)
_NOT_VALID = (
    "Harriet doesn't know this token: it is mistyped, expired or revoked. Sign in again from the client, or make a new "
    f"device credential at {settings.BASE_URL}/me/connect/."
)
_ELSEWHERE = (
    "This token is for another address. A client signs in at each profile by itself; compare its address with the one "
    f"shown at {settings.BASE_URL}/me/connect/."
)
_NOT_HERE = (
    "There is no such profile for this token. Compare the URL with the one shown at "
    f"{settings.BASE_URL}/me/connect/, or ask your IT team."
)
_NOT_IN_URL = (
    "A token in the URL ends up in logs and histories, so it is refused. Have the client send it in a header. Others "
    f"may have read this one: revoke it and make another at {settings.BASE_URL}/me/connect/."
)
_TWICE = "A header that may be there once is there twice. Update the client, or tell whoever makes it."
_NO_JSON = "The client has to send the message as application/json, without a Content-Encoding."
_NO_FORM = (
    "Answers are application/json or text/event-stream. The client has to send Accept: application/json, "
    "text/event-stream."
)
_NO_STREAM = "GET opens a stream. The client has to send Accept: text/event-stream."
_ONCE = (b"authorization", b"x-api-key", b"host", b"content-type", b"origin", b"last-event-id", RAW_SESSION_ID_HEADER)
_TOKEN_NAMES = frozenset({"token", "access_token", "api_key", "apikey", "key", "auth", "authorization"})


_LOOKS = 3


class UnknownToken(HttpRefusal):
    """The token is nobody's: perhaps a guess."""


class McpEndpoint:
    """Holds the runtime of this process's event loop and routes what belongs to the gateway."""

    def __init__(self, pages: Any, beside: Mapping[str, Any]) -> None:
        self._pages = pages
        self._beside = beside
        self._runtime: Runtime | None = None
        self._starting: asyncio.Lock | None = None
        self._known_hosts: set[bytes] = set()
        self._guesses = Guesses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(receive, send)
        elif kind != "http":
            await self._pages(scope, receive, send)
        elif scope["path"].startswith("/mcp/"):
            await self._mcp(scope, receive, send)
        elif scope["path"].startswith("/health/"):
            await self._health(scope, send)
        elif scope["path"] == "/metrics":
            await serve_metrics(scope, self._guesses.slowing(scope, send), await self._started())
        elif scope["path"].startswith("/api/"):
            await serve_pages(self._pages, scope, receive, self._guesses.slowing(scope, send))
        elif scope["path"] in self._beside:
            await self._beside[scope["path"]](scope, receive, send)
        else:
            await serve_pages(self._pages, scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._started()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._runtime is not None:
            await self._runtime.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _started(self) -> Runtime:
        """The runtime; started here when the server offers no lifespan."""
        if self._runtime is None:
            self._starting = self._starting or asyncio.Lock()
            async with self._starting:
                if self._runtime is None:
                    runtime = Runtime()
                    await runtime.start()
                    self._runtime = runtime
        return self._runtime

    async def end_streams(self) -> None:
        """The process is about to end: clients listen again elsewhere."""
        if self._runtime is not None:
            await self._runtime.hub.stop()

    async def _health(self, scope: Scope, send: Send) -> None:
        reply = HttpReply(send, b"")
        if scope["path"] == "/health/live":
            await reply.finish(200, b'{"status":"live"}')
        elif scope["path"] != "/health/ready":
            await reply.finish(404, b'{"status":"There is no such page."}')
        elif (await self._started()).snapshots.is_ready():
            await reply.finish(200, b'{"status":"ready"}')
        else:
            await reply.finish(503, b'{"status":"The database does not answer, or nothing is loaded from it yet."}')

    async def _mcp(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        reply = HttpReply(send, joined(scope, headers, b"accept"))
        exchange = HttpExchange(scope, headers, receive, reply)
        try:
            self._check_host(headers.get(b"host", b""))
            if (origin := headers.get(b"origin")) is not None:
                reply.more_headers = headers_for(origin, scope)
            if scope["method"] == "OPTIONS" and origin is not None:
                await reply.finish(204, b"", *preflight_headers(headers))
                return
            visit = await self._let_in(exchange, self._runtime or await self._started())
            if headers.get(RAW_SESSION_ID_HEADER) and headers.get(RAW_PROTOCOL_VERSION_HEADER) not in MODERN:
                await _join_session(visit)
            await self._serve(visit)
        except HttpRefusal as refusal:
            await self._refuse(refusal, exchange)
        except DatabaseError:
            await reply.finish(503, refusal_body(503, NO_DATABASE), RETRY_SOON)
        except RpcRefusal as refusal:  # of a GET; what a message says is answered inside, with its id
            await reply.finish(refusal.status or 400, refusal_body(refusal.code, refusal.message))
        except Exception:
            log.exception("A request to the gateway failed.")
            await reply.finish(500, refusal_body(500, OUR_FAULT))

    async def _let_in(self, exchange: HttpExchange, runtime: Runtime) -> Visit:
        """A token that wasn't seen yet is looked up, and its organization loaded if it was never called."""
        try:
            return self._admit(exchange, runtime)
        except UnknownToken as unknown:
            organization, token = _organization_in(exchange.scope["path"]), token_in(exchange.headers)
            for _ in range(_LOOKS):  # the snapshot may be replaced while it is asked
                principal = await runtime.snapshots.admit(organization, token)
                if principal is None or principal.expires <= runtime.snapshots.unix_now():
                    raise unknown from None
                if not runtime.snapshots.is_of(principal, organization):
                    raise _stranger(principal, exchange.scope["path"]) from None
                with suppress(UnknownToken):
                    return self._admit(exchange, runtime)
            raise _not_current() from None

    async def _refuse(self, refusal: HttpRefusal, exchange: HttpExchange) -> None:
        if isinstance(refusal, UnknownToken):
            refusal = _unknown(exchange.scope["path"], await self._why_unknown(exchange))
        more = (CLOSE,) if b"expect" in exchange.headers and CLOSE not in refusal.headers else ()
        body = refusal_body(refusal.status, refusal.message)
        await exchange.reply.finish(refusal.status, body, *refusal.headers, *more)

    async def _why_unknown(self, exchange: HttpExchange) -> str:
        """An app's token that was ours is no guess: whole offices come with theirs when they have expired."""
        token = token_in(exchange.headers)
        if token.startswith(PREFIXES["oauth"]) and (why := await why_ended(hash_token(token))):
            return why
        await self._guesses.slow(exchange.scope, exchange.headers)
        return await why_ended(hash_token(token))

    async def _serve(self, visit: Visit) -> None:
        method = visit.exchange.scope["method"]
        if method == "POST":
            await answer(visit, await read_body(visit.exchange))
        elif visit.session is None:
            raise HttpRefusal(405, "Send MCP messages with POST.", (b"allow", b"POST"))
        elif method == "GET":
            wanted = EventId.read(visit.exchange.headers.get(b"last-event-id", b"").decode("latin-1"))
            await (serve_resumed(visit, visit.session, wanted) if wanted else serve_get(visit, visit.session))
        else:
            await visit.runtime.sessions.end(visit.session)
            await visit.exchange.reply.finish(204, b"")

    def _admit(self, exchange: HttpExchange, runtime: Runtime) -> Visit:
        """Everything that is decided before the body is read. Raises HttpRefusal."""
        scope, headers = exchange.scope, exchange.headers
        if scope["query_string"]:
            _check_query(scope["path"], scope["query_string"])
        if exchange.has_duplicates and exchange.has_twice(*_ONCE):
            raise HttpRefusal(400, _TWICE)
        snapshot, principal, profile = _authenticate(runtime.snapshots, scope["path"], headers)
        if scope["method"] not in METHODS:
            raise HttpRefusal(405, "Send MCP messages with POST.", (b"allow", b"POST"))
        _check_forms(exchange)
        return Visit(runtime, exchange, snapshot, principal, profile)

    def _check_host(self, host: bytes) -> None:
        """As Django does for its pages: a name that isn't ours is an attack on a browser's DNS."""
        if host in self._known_hosts:
            return
        domain, _ = split_domain_port(host.decode("latin-1"))
        if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
            raise HttpRefusal(421, "This host name is not one of Harriet's. Ask your IT admin for the right address.")
        if len(self._known_hosts) < 1000:
            self._known_hosts.add(host)


async def _join_session(visit: Visit) -> None:
    """An initialize begins a session, whatever id of an ended one its client still sends along; so of an id that is
    unknown the message decides. Raises HttpRefusal where there is none."""
    header = visit.exchange.headers[RAW_SESSION_ID_HEADER].decode("latin-1")
    try:
        visit.session = await visit.runtime.sessions.open(header, visit.principal, visit.profile)
    except HttpRefusal as refusal:
        if visit.exchange.scope["method"] != "POST":
            raise
        visit.unknown_session = refusal


def _check_forms(exchange: HttpExchange) -> None:
    """What comes must be JSON, and what is answered something that the client takes. Raises HttpRefusal."""
    reply = exchange.reply
    if exchange.scope["method"] == "POST":
        if not _is_json(exchange.headers):
            raise HttpRefusal(415, _NO_JSON)
        if not (reply.takes_json or reply.may_stream):
            raise HttpRefusal(406, _NO_FORM)
    elif exchange.scope["method"] == "GET" and not reply.may_stream and b"accept" in exchange.headers:
        raise HttpRefusal(406, _NO_STREAM)


def _is_json(headers: dict[bytes, bytes]) -> bool:
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        return False
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"application/json"


def _check_query(path: str, query: bytes) -> None:
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name.lower() in _TOKEN_NAMES or value.startswith("hrt_"):
            raise _unauthorized(path, _NOT_IN_URL)


def _authenticate(
    snapshots: Snapshots, path: str, headers: dict[bytes, bytes]
) -> tuple[Snapshot, Principal, ProfileRow]:
    """① Who is calling, from the token alone, and the profile that the URL names."""
    token = token_in(headers)
    if not token:
        raise _unauthorized(path, _NEEDS_TOKEN)
    key = hash_token(token)
    organization, _, slug = path[5:].partition("/")
    snapshot = snapshots.get(organization)
    principal = snapshot.callers.get(key) if snapshot is not None else None
    if snapshot is None or principal is None:
        raise _unknown(path) if snapshots.is_ready() else _not_current()
    if not snapshots.is_fresh(organization):
        raise _not_current()
    if principal.expires <= snapshots.unix_now():
        raise _unknown(path)
    profile = snapshot.profiles.get(slug) or snapshot.profiles.get(slug.removesuffix("/"))
    if principal.scopes is not None and (profile is None or profile.id != principal.only_profile_id):
        raise _elsewhere(path)
    if profile is None or not snapshot.may_enter(principal, profile):
        raise HttpRefusal(404, _NOT_HERE)
    return snapshot, principal, profile


def _organization_in(path: str) -> str:
    return path[5:].partition("/")[0]


def _stranger(principal: Principal, path: str) -> HttpRefusal:
    """A token of another organization learns no more than that there is nothing here."""
    return HttpRefusal(404, _NOT_HERE) if principal.scopes is None else _elsewhere(path)


def _unknown(path: str, why: str = "") -> UnknownToken:
    told = why or _NOT_VALID
    return UnknownToken(401, told, challenge(path, error="invalid_token", told=told))


def _elsewhere(path: str) -> HttpRefusal:
    """RFC 8707 §2: the token's audience is another resource. The same whether or not there is anything here."""
    return HttpRefusal(401, _ELSEWHERE, challenge(path, error="invalid_token", told=_ELSEWHERE))


def _unauthorized(path: str, message: str) -> HttpRefusal:
    return HttpRefusal(401, message, challenge(path))


def _not_current() -> HttpRefusal:
    return HttpRefusal(503, NO_DATABASE, RETRY_SOON)


def with_gateway(pages: Any, *, beside: Mapping[str, Any]) -> McpEndpoint:
    """In front of the pages. `beside` are ASGI applications that take HTTP alone, by their whole path."""
    return McpEndpoint(pages, beside)
