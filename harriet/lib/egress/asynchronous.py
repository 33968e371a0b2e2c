"""The asynchronous face: one aiohttp session whose every connection goes to an address that was checked."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import NamedTuple

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from harriet.lib.egress.body import CappedBody
from harriet.lib.egress.errors import (
    ConnectTimeout,
    EgressBroken,
    EgressFailed,
    NotConnected,
    timed_out,
    too_large,
)
from harriet.lib.egress.reach import Reach, Target, admit, check_url, parse_address
from harriet.lib.egress.tls import tls_context

Resolve = Callable[[str, int], Awaitable[list[str]]]
_ROUTES = 4096
_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 30.0


async def ask_system(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Route(NamedTuple):
    """Where the requests for one URL go: URLs whose host is a checked address, and the name to say there."""

    urls: tuple[URL, ...]
    host_header: str
    server_name: str | None
    host: str
    good_until: float


class AsyncEgress:
    """Keeps connections and TLS alive between requests. One per event loop; `close()` it at the end.

    A name is resolved and checked, and the connection goes to the address that was checked: a second answer of the
    DNS server never comes into play. Connections are pooled by address and TLS name, routes by URL and reach.
    """

    def __init__(
        self, *, resolve: Resolve = ask_system, tls: ssl.SSLContext | None = None, remember_seconds: float = 30.0
    ) -> None:
        self._resolve = resolve
        self._tls = tls
        self._remember_seconds = remember_seconds
        self._routes: dict[tuple[str, Reach], Route] = {}
        self._session: aiohttp.ClientSession | None = None

    def request(
        self,
        method: str,
        url: str,
        *,
        reach: Reach,
        deadline: float,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> "Exchange":
        """`async with egress.request(…) as response`: `deadline` is the seconds that everything inside may take.

        Query values that are secret go into `params`, never into `url`. Redirects are answers, not followed.
        Raises EgressRefused, EgressTimeout, EgressFailed.
        """
        return Exchange(self, method, url, reach, deadline, headers or {}, params, data)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _route(self, url: str, reach: Reach) -> Route:
        route = self._routes.get((url, reach))
        if route is None or route.good_until < time.monotonic():
            route = await self._find_route(url, reach)
            if len(self._routes) >= _ROUTES:
                self._routes.clear()
            self._routes[url, reach] = route
        return route

    async def _find_route(self, url: str, reach: Reach) -> Route:
        target = check_url(url, reach)
        if target.address is not None:
            return _route_to(target, [str(target.address)], time.monotonic() + 3600)
        return _route_to(
            target, await self._checked_addresses(target, reach), time.monotonic() + self._remember_seconds
        )

    async def _checked_addresses(self, target: Target, reach: Reach) -> list[str]:
        try:
            found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise NotConnected(f"The host {target.host} has no address. Check how it is spelled.")
        addresses = [parse_address(text) for text in found]
        for address in addresses:
            admit(address, target, reach)
        return [str(address) for address in addresses]

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, ssl=self._tls or tls_context(), use_dns_cache=False, keepalive_timeout=_IDLE_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
                skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept", "Content-Type"),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    async def send(self, exchange: "Exchange") -> "Response":
        route = await self._route(exchange.url, exchange.reach)
        headers = {"Host": route.host_header, "Accept-Encoding": "identity", **exchange.headers}
        session = self._session or self._open_session()
        for url in route.urls:
            try:
                raw = await session.request(
                    exchange.method,
                    url,
                    headers=headers,
                    params=exchange.params,
                    data=exchange.data,
                    allow_redirects=False,
                    server_hostname=route.server_name,
                )
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                # Nothing was sent yet: the next address may be tried.
                failure = _cannot_connect(route.host, error)
            except (aiohttp.ClientError, OSError, ValueError):
                raise _broke_off(route.host) from None
            else:
                return Response(raw, route.host)
        raise failure


class Exchange:
    """One request and its answer, under one deadline."""

    __slots__ = ("_egress", "_response", "_timer", "data", "deadline", "headers", "method", "params", "reach", "url")

    def __init__(
        self,
        egress: AsyncEgress,
        method: str,
        url: str,
        reach: Reach,
        deadline: float,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        data: bytes | None,
    ) -> None:
        self._egress = egress
        self._response: Response | None = None
        self._timer = asyncio.timeout(deadline)
        self.method, self.url, self.reach, self.deadline = method, url, reach, deadline
        self.headers, self.params, self.data = headers, params, data

    async def __aenter__(self) -> "Response":
        await self._timer.__aenter__()
        try:
            self._response = await self._egress.send(self)
        except BaseException as error:
            await self._leave(type(error), error, error.__traceback__)
            raise
        return self._response

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._response is not None:
            self._response.release()
        await self._leave(kind, error, trace)

    async def _leave(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timer.__aexit__(kind, error, trace)
        except TimeoutError:
            raise timed_out(check_url(self.url, self.reach).host, self.deadline) from None


class Response:
    """The head of an answer, and its body to be read within a cap on decoded bytes."""

    __slots__ = ("_host", "_raw", "headers", "status")

    def __init__(self, raw: aiohttp.ClientResponse, host: str) -> None:
        self._raw = raw
        self._host = host
        self.status: int = raw.status
        self.headers: CIMultiDictProxy[str] = raw.headers

    async def read(self, max_bytes: int) -> bytes:
        length = self._raw.content_length
        if length is not None and length > max_bytes:
            raise too_large(self._host, max_bytes)
        if length is not None and "Content-Encoding" not in self.headers:
            return await self._read_plain()
        return b"".join([chunk async for chunk in self.iter_chunks(max_bytes)])

    async def _read_plain(self) -> bytes:
        try:
            return await self._raw.read()
        except (aiohttp.ClientError, OSError):
            raise EgressBroken(f"{self._host} broke off in the middle of its answer.") from None

    async def iter_chunks(self, max_bytes: int) -> AsyncIterator[bytes]:
        body = CappedBody(self._host, self.headers.get("Content-Encoding"), max_bytes)
        content = self._raw.content
        try:
            while chunk := await content.readany():
                for piece in body.feed(chunk):
                    yield piece
        except (aiohttp.ClientError, OSError):
            raise EgressBroken(f"{self._host} broke off in the middle of its answer.") from None

    async def iter_lines(self, max_bytes: int) -> AsyncIterator[bytes]:
        """Lines without their ends."""
        rest = b""
        async for chunk in self.iter_chunks(max_bytes):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.removesuffix(b"\r")
        if rest:
            yield rest

    def release(self) -> None:
        """Gives the connection back; one whose answer was not read to its end is closed."""
        self._raw.release()


def _route_to(target: Target, addresses: list[str], good_until: float) -> Route:
    urls = tuple(
        URL(
            f"{target.scheme}://{f'[{address}]' if ':' in address else address}:{target.port}{target.path}",
            encoded=True,
        )
        for address in addresses
    )
    server_name = target.host if target.scheme == "https" and target.address is None else None
    return Route(urls, target.host_header, server_name, target.host, good_until)


def _cannot_connect(host: str, error: Exception) -> NotConnected | ConnectTimeout:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectTimeout(f"{host} didn't accept a connection within {_CONNECT_SECONDS:g} seconds.")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return NotConnected(f"The certificate of {host} is not valid for it, or not from a trusted authority.")
    if isinstance(error, aiohttp.ClientSSLError):
        return NotConnected(f"{host} doesn't speak TLS on this port.")
    refused = isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError)
    return NotConnected(f"{host} refused the connection." if refused else f"{host} can't be reached.")


def _broke_off(host: str) -> EgressFailed:
    return EgressFailed(f"{host} broke off its answer, or it was not HTTP.")
