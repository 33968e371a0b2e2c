"""Our own keep-alive client, each of its connections to an address that was checked."""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlencode

from harriet.lib.egress.connection import Connection, Disconnected
from harriet.lib.egress.deadlines import Deadlines, Limit
from harriet.lib.egress.errors import (
    ConnectTimeout,
    EgressFailed,
    EgressRefused,
    NotConnected,
    not_accepted,
    timed_out,
)
from harriet.lib.egress.pool import Door, Pool
from harriet.lib.egress.reach import Reach, Target, admit, check_url, parse_address
from harriet.lib.egress.response import Response
from harriet.lib.egress.tls import tls_context

Resolve = Callable[[str, int], Awaitable[list[str]]]
_ROUTES = 4096
"""Remembered at once."""
_CONNECT_SECONDS = 10.0
_UNSENDABLE = "The request has a line break or another control character in a header."


async def ask_system(host: str, port: int) -> list[str]:
    """Every address of a name, in the resolver's order, each once. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Route(NamedTuple):
    """Where the requests for one URL go."""

    doors: tuple[Door, ...]
    """One per checked address."""
    path: str
    head: str
    """The header lines that are the same in every request."""
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
        self._pool: Pool | None = None
        self._deadlines: Deadlines | None = None

    def deadlines(self) -> Deadlines:
        """Of this event loop; made when they are first asked for."""
        if self._deadlines is None:
            self._deadlines = Deadlines()
        return self._deadlines

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
        """Ends all connections, those in use too. Requests may begin again afterwards."""
        pool, self._pool = self._pool, None
        self._routes.clear()
        if pool is not None:
            pool.close()
            await asyncio.sleep(0)  # connections end in the loop's next turn

    async def send(self, exchange: "Exchange") -> Response:
        """Returns with the head of the answer; its body is still to be read. Raises EgressRefused (nothing was sent),
        NotConnected and ConnectTimeout (no connection), EgressFailed."""
        route = self._routes.get((exchange.url, exchange.reach))
        if route is None or route.good_until < time.monotonic():
            route = await self._find_route(exchange.url, exchange.reach)
        exchange.connection = connection = await self._connect(exchange, route)
        try:
            connection.put(_written(exchange, route), has_body=exchange.method != "HEAD")
            await connection.head()
        except Disconnected:
            raise EgressFailed(f"{route.host} hung up before it answered, or doesn't speak HTTP.") from None
        return Response(connection, route.host)

    async def _connect(self, exchange: "Exchange", route: Route) -> Connection:
        pool = self._pool or self._open_pool()
        for door in route.doors:
            try:
                connection = await pool.take(door, _CONNECT_SECONDS)
            except OSError as error:
                failure = _cannot_connect(route.host, error)
            else:
                exchange.door, exchange.pool = door, pool
                return connection
        raise failure

    async def _find_route(self, url: str, reach: Reach) -> Route:
        target = check_url(url, reach)
        seconds, addresses = 3600.0, [str(target.address)]
        if target.address is None:
            seconds, addresses = self._remember_seconds, await self._checked_addresses(target, reach)
        route = _route_to(target, addresses, time.monotonic() + seconds)
        if len(self._routes) >= _ROUTES:
            self._routes.clear()
        self._routes[url, reach] = route
        return route

    async def _checked_addresses(self, target: Target, reach: Reach) -> list[str]:
        try:
            found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise NotConnected(f"The host {target.host} has no address. Check how it is spelled.", why="no_address")
        addresses = [parse_address(text) for text in found]
        for address in addresses:
            admit(address, target, reach)
        return [str(address) for address in addresses]

    def _open_pool(self) -> Pool:
        self._pool = Pool(self._tls or tls_context())
        return self._pool


class Exchange:
    """One request and its answer, under one deadline."""

    __slots__ = (
        "_egress",
        "_limit",
        "_response",
        "connection",
        "data",
        "deadline",
        "door",
        "headers",
        "method",
        "params",
        "pool",
        "reach",
        "url",
    )

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
        self.connection: Connection | None = None
        self.door: Door
        self.pool: Pool
        self._limit: Limit | None = None
        self.method, self.url, self.reach, self.deadline = method, url, reach, deadline
        self.headers, self.params, self.data = headers, params, data

    async def __aenter__(self) -> Response:
        self._limit = Limit(self._egress.deadlines(), self.deadline)
        try:
            self._response = response = await self._egress.send(self)
            return response
        except BaseException as error:
            self._leave(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(error)

    def _let_go(self) -> None:
        """Keeps the connection to be used again; one whose answer was not read to its end is closed."""
        if self._response is not None:
            self._response.leave()
        connection, self.connection = self.connection, None
        if connection is not None:
            self.pool.give_back(self.door, connection)

    def go_on(self, left: float) -> None:
        """Sets the seconds that are left. Nothing to do when the exchange has ended in the meantime."""
        if self._limit is not None:
            self._limit.move(self._egress.deadlines().time() + left)

    def _leave(self, error: BaseException | None) -> None:
        """Raises EgressTimeout when the deadline is what ended the work."""
        was_connected = self.connection is not None
        self._let_go()
        if self._limit is not None and self._limit.has_passed(error):
            host = check_url(self.url, self.reach).host
            raise (timed_out if was_connected else not_accepted)(host, self.deadline) from None


def _route_to(target: Target, addresses: list[str], good_until: float) -> Route:
    doors = tuple(Door(address, target.port, target.scheme == "https", target.host) for address in addresses)
    head = f" HTTP/1.1\r\nHost: {target.host_header}\r\nAccept-Encoding: identity\r\n"
    return Route(doors, target.path, head, target.host, good_until)


def _written(exchange: Exchange, route: Route) -> bytes:
    """The request as it goes over the wire. Raises EgressRefused."""
    path = route.path
    if exchange.params:
        path += ("&" if "?" in path else "?") + urlencode(exchange.params)
    lines = "".join([f"{name}: {value}\r\n" for name, value in exchange.headers.items()])
    count = len(exchange.headers)
    if "\0" in lines or lines.count("\n") != count or lines.count("\r") != count:
        raise EgressRefused(_UNSENDABLE)
    body = exchange.data or b""
    if body or exchange.method == "POST":
        lines += f"Content-Length: {len(body)}\r\n"
    return f"{exchange.method} {path}{route.head}{lines}\r\n".encode("utf-8", "surrogatepass") + body


def _cannot_connect(host: str, error: OSError) -> NotConnected | ConnectTimeout:
    if isinstance(error, TimeoutError):
        return not_accepted(host, _CONNECT_SECONDS)
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"The certificate of {host} is not valid for it, or not from a trusted authority."
        return NotConnected(said, why="certificate")
    if isinstance(error, ssl.SSLError):
        return NotConnected(f"{host} doesn't speak TLS on this port.", why="no_tls")
    refused = isinstance(error, ConnectionRefusedError)
    return NotConnected(f"{host} refused the connection." if refused else f"{host} can't be reached.")
