"""The synchronous face: a requests session whose every connection goes to an address that was checked."""

import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from harriet.lib.egress.body import CappedBody
from harriet.lib.egress.errors import (
    ConnectTimeout,
    EgressFailed,
    EgressRefused,
    EgressTimeout,
    NotConnected,
    not_accepted,
    timed_out,
)
from harriet.lib.egress.reach import Reach, Target, admit, check_url, parse_address
from harriet.lib.egress.tls import tls_context

Resolve = Callable[[str, int], list[str]]
_resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")
_running = threading.local()
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def ask_system(host: str, port: int) -> list[str]:
    """Every address of a name, in the resolver's order, each once. Raises OSError."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def session(
    reach: Reach,
    *,
    deadline: float = 30.0,
    max_bytes: int = 1024 * 1024,
    resolve: Resolve = ask_system,
    tls: ssl.SSLContext | None = None,
) -> requests.Session:
    """A session for a few requests. `deadline` is the seconds that each one may take, body included.

    Redirects are answers, not followed; environment proxies and .netrc are ignored; cookies don't persist.
    Raises EgressRefused, EgressTimeout, EgressFailed instead of requests' own errors.
    """
    return confine(requests.Session(), reach, deadline=deadline, max_bytes=max_bytes, resolve=resolve, tls=tls)


def confine(
    opened: requests.Session,
    reach: Reach,
    *,
    deadline: float = 30.0,
    max_bytes: int = 1024 * 1024,
    resolve: Resolve = ask_system,
    tls: ssl.SSLContext | None = None,
) -> requests.Session:
    """Puts any session, such as an OAuth2Session, under the rules of `session`."""
    opened.trust_env = False
    opened.adapters.clear()
    adapter = PinnedAdapter(reach, deadline, max_bytes, resolve, tls)
    opened.mount("", adapter)  # whatever the scheme: it is ours to refuse
    opened.headers["Accept-Encoding"] = "identity"
    prepare = opened.prepare_request

    def prepare_quietly(request: requests.Request) -> requests.PreparedRequest:
        try:
            return prepare(request)
        except (requests.RequestException, ValueError):  # their messages quote the URL and header values
            raise EgressRefused("The request has a URL or a header that can't be sent.") from None

    opened.prepare_request = prepare_quietly  # type: ignore[method-assign]
    opened.resolve_redirects = lambda *_, **__: iter(())  # type: ignore[method-assign]
    return opened


class PinnedAdapter(HTTPAdapter):
    """Resolves, checks and connects by itself; a watchdog cuts the connection at the deadline."""

    def __init__(
        self, reach: Reach, deadline: float, max_bytes: int, resolve: Resolve, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__()
        self._reach, self._deadline, self._max_bytes = reach, deadline, max_bytes
        self._resolve, self._tls = resolve, tls

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        if any(_CONTROL.search(str(value)) for value in request.headers.values()):
            raise EgressRefused("A header has a line break or another control character in it.")
        target = check_url((request.url or "").partition("#")[0], self._reach)
        ends_at = time.monotonic() + self._deadline
        addresses = self._checked_addresses(target)
        for number, address in enumerate(addresses, start=1):
            with self._watched(ends_at) as watch:
                try:
                    return self._exchange(request, target, address, watch)
                except _NotConnected as error:
                    if watch.is_cut or number == len(addresses):
                        raise self._unreached(target, watch, str(error)) from None
                except (urllib3.exceptions.HTTPError, OSError, ValueError):
                    if watch.is_open:
                        raise self._failure(target, watch, "broke off its answer, or it was not HTTP.") from None
                    if watch.is_cut or number == len(addresses):
                        raise self._unreached(target, watch, "broke off before it could be asked.") from None
        raise AssertionError("a host without addresses was refused before")

    def _exchange(
        self, request: requests.PreparedRequest, target: Target, address: str, watch: "_Watch"
    ) -> requests.Response:
        with self._pool(target, address) as pool:
            try:
                raw = pool.urlopen(
                    request.method or "GET",
                    target.path,
                    body=request.body,
                    headers={"Host": target.host_header, **request.headers},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    decode_content=False,
                    timeout=urllib3.Timeout(total=max(0.001, watch.ends_at - time.monotonic())),
                )
            except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
                raise _NotConnected("can't be reached.") from None
            except urllib3.exceptions.SSLError:
                if watch.is_open:  # the request may have left: it isn't sent to another address too
                    raise
                raise _NotConnected("has no valid certificate, or doesn't speak TLS on this port.") from None
            content = self._read(raw, target)
            if watch.is_cut:  # a cut connection looks like the end of the answer
                raise timed_out(target.host, self._deadline)
            response = self.build_response(request, raw)
        response._content = content
        response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def _read(self, raw: urllib3.BaseHTTPResponse, target: Target) -> bytes:
        body = CappedBody(target.host, raw.headers.get("Content-Encoding"), self._max_bytes)
        try:
            return b"".join(piece for chunk in raw.stream(65536, decode_content=False) for piece in body.feed(chunk))
        finally:
            raw.close()

    def _pool(self, target: Target, address: str) -> urllib3.HTTPConnectionPool:
        if target.scheme == "http":
            plain = urllib3.HTTPConnectionPool(address, target.port)
            plain.ConnectionCls = _PlainConnection
            return plain
        pool = urllib3.HTTPSConnectionPool(
            address,
            target.port,
            ssl_context=self._tls or tls_context(),
            server_hostname=target.host,
            assert_hostname=target.host,
        )
        pool.ConnectionCls = _TlsConnection
        return pool

    def _checked_addresses(self, target: Target) -> list[str]:
        if target.address is not None:
            return [str(target.address)]
        try:
            found = _resolvers.submit(self._resolve, target.host, target.port).result(self._deadline)
        except FutureTimeout:
            raise ConnectTimeout(f"{target.host} was not found within {self._deadline:.3g} seconds.") from None
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise NotConnected(f"The host {target.host} has no address. Check how it is spelled.", why="no_address")
        addresses = [parse_address(text) for text in found]
        for address in addresses:
            admit(address, target, self._reach)
        return [str(address) for address in addresses]

    def _failure(self, target: Target, watch: "_Watch", reason: str) -> EgressFailed | EgressTimeout:
        if watch.is_cut or time.monotonic() >= watch.ends_at:
            return timed_out(target.host, self._deadline)
        return EgressFailed(f"{target.host} {reason}")

    def _unreached(self, target: Target, watch: "_Watch", reason: str) -> NotConnected | ConnectTimeout:
        """Nothing was sent."""
        if watch.is_cut or time.monotonic() >= watch.ends_at:
            return not_accepted(target.host, self._deadline)
        return NotConnected(f"{target.host} {reason}")

    @contextmanager
    def _watched(self, ends_at: float) -> Iterator["_Watch"]:
        watch = _running.watch = _Watch(ends_at)
        try:
            yield watch
        finally:
            _running.watch = None
            watch.stop()


class _NotConnected(Exception):
    """Nothing was sent: another address may be tried."""


class _Watch:
    """Cuts the socket at the deadline: a server that drips a byte a second never meets a socket's own timeout."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.is_cut = self.is_open = False
        """`is_open` from the moment at which a request may leave: over TLS that is after the handshake."""
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(max(0.0, ends_at - time.monotonic()), self._cut)
        self._timer.daemon = True
        self._timer.start()

    def add(self, opened: socket.socket) -> None:
        # A second descriptor of the same connection: TLS takes the first one away.
        self._sockets.append(socket.socket(fileno=os.dup(opened.fileno())))
        if self.is_cut:
            self._cut()

    def stop(self) -> None:
        self._timer.cancel()
        for opened in self._sockets:
            opened.close()

    def _cut(self) -> None:
        self.is_cut = True
        for opened in self._sockets:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


class _PlainConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _watch_socket(super()._new_conn())

    def connect(self) -> None:
        super().connect()
        _note_open()


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _watch_socket(super()._new_conn())

    def connect(self) -> None:
        super().connect()
        _note_open()


def _note_open() -> None:
    watch: _Watch | None = getattr(_running, "watch", None)
    if watch is not None:
        watch.is_open = True


def _watch_socket(opened: socket.socket) -> socket.socket:
    watch: _Watch | None = getattr(_running, "watch", None)
    if watch is not None:
        watch.add(opened)
    return opened
