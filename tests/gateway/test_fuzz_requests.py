"""The gateway at the level of bytes: whatever a header, an address or a body says, there is an answer, and no 500.

The dice always fall the same way.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

import pytest

from tests.gateway.test_listen_streams import InSession
from tests.stage.clients import MODERN, Client
from tests.stage.office import Office
from tests.stage.processes import Gateway

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
ODD = (
    *(b"", b" ", b"\t", b"x" * 5000, b"\xff\xfe", b"\xc3\xa9", b"%00", b"%", b"-1", b"9" * 40, b"0", b"null", b"{}"),
    *(b",", b";", b";;;=", b'"', b'"\\', b"=?base64?!?=", b"=?base64?AA==?=", b"=?base64?/w==?=", b"..", b"*"),
    *(b"http://[::1", b"http://[", b"//", b"a b c", b"Bearer", b"bearer \xff", b"1.2.3.4, , ,", b"chunked, identity"),
    *(b"*/*;q=x", b"=" * 100, b"-_" * 60, b"A" * 4096, b"A" * 4097, b"*.x.1.NQ", b"a.b.c.d.e"),
    *(b"0123456789abcdef.x.%b" % rest for rest in (b"1.NQ", b"99999999999999999999.NQ", b"1.NR", b"-1.NQ", b"1.")),
)
NAMES = (
    *(b"host", b"origin", b"authorization", b"x-api-key", b"cookie", b"mcp-session-id", b"last-event-id", b"accept"),
    *(b"mcp-protocol-version", b"mcp-method", b"mcp-name", b"mcp-param-region", b"content-type", b"content-length"),
    *(b"transfer-encoding", b"expect", b"connection", b"upgrade", b"x-forwarded-for", b"x-forwarded-proto"),
    *(b"traceparent", b"tracestate", b"baggage", b"access-control-request-headers", b"accept-encoding", b"range"),
    *(b"content-encoding", b"user-agent", b"te"),
)
TARGETS = (
    *(b"/mcp/acme/work", b"/mcp/acme/work?", b"/mcp/acme/work?a=%00&%ff=%", b"/mcp/acme/work?token=x", b"/mcp/%00/%ff"),
    *(b"/mcp/", b"/mcp//", b"/mcp/acme/work/more", b"/mcp/acme%2Fwork", b"/mcp/" + b"x" * 8000, b""),
    *(b"/mcp/acme/work#x", b"http://localhost/mcp/acme/work", b"http://evil.example/mcp/acme/work"),
    *(b"/health/", b"/health/live?x", b"/health/ready/x", b"/metrics", b"/metrics?%00", b"/sample/mcp"),
    *(b"/mcp/../mcp/acme/work", b"/mcp/acme/work\xff", b"/mcp/%E2%82%AC/x", b"localhost:80", b"/sample/mcp?x"),
)
METHODS = (b"POST", b"GET", b"OPTIONS", b"HEAD", b"PUT", b"PATCH", b"TRACE", b"CONNECT", b"PROPFIND", b"post")


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture
def session(_gateway: Gateway, office: Office) -> InSession:
    return InSession(_gateway, office.token).begin()


def known(session: InSession, version: str) -> dict[bytes, bytes]:
    headers = {**session.headers({}), "host": "localhost", "mcp-protocol-version": version, "mcp-method": "ping"}
    return {name.encode(): value.encode() for name, value in headers.items()}


def answered(client: Client, request: bytes) -> bytes:
    """The status line, or nothing where the connection was just closed."""
    with socket.create_connection(("127.0.0.1", client.gateway.port), timeout=60) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            found = b""
            while b"\r\n" not in found and (part := connection.recv(65536)):
                found += part
        except ConnectionError:
            return b""
    return found.partition(b"\r\n")[0]


def written(method: bytes, target: bytes, headers: dict[bytes, bytes], body: bytes) -> bytes:
    lines = [b"%b: %b\r\n" % pair for pair in ({b"content-length": b"%d" % len(body)} | headers).items()]
    return method + b" " + target + b" HTTP/1.1\r\n" + b"".join(lines) + b"\r\n" + body


def odd_headers(session: InSession) -> Iterator[tuple[bytes, bytes]]:
    """Every header with every value, in turn in one era and the other."""
    for turn, (name, value) in enumerate((name, value) for name in NAMES for value in ODD):
        method = (b"POST", b"POST", b"GET", b"DELETE", b"OPTIONS")[turn % 5]
        allowed = {b"GET": (b"last-event-id", b"accept", b"mcp-session-id"), b"DELETE": (b"mcp-session-id",)}
        if name not in allowed.get(method, NAMES):
            method = b"POST"  # an accepted GET is a stream, and an accepted DELETE the session's end
        headers = known(session, ("2025-11-25", MODERN)[turn % 2]) | {name: value}
        yield b"%b %b=%b" % (method, name, value[:60]), written(method, b"/mcp/acme/work", headers, PING)


def odd_requests(session: InSession, count: int) -> Iterator[tuple[bytes, bytes]]:
    dice = random.Random(17)
    for _ in range(count):
        headers = known(session, dice.choice(("2025-11-25", MODERN, "2025-03-26", "née")))
        for _ in range(dice.randrange(4)):
            headers[dice.choice(NAMES)] = dice.choice(ODD)
        for name in dice.sample(sorted(headers), dice.randrange(3)):
            del headers[name]
        body = dice.choice((PING, b"", b"[]", b"[" * 5000, b"\x00", b"{}", b"\xff", PING * 2, b"[" + PING + b"]"))
        method, target = dice.choice(METHODS), dice.choice(TARGETS)
        yield method + b" " + target[:60] + b" " + repr(headers).encode()[:600], written(method, target, headers, body)


def odd_bytes(session: InSession, count: int) -> Iterator[tuple[bytes, bytes]]:
    """A request with a few of its bytes changed."""
    dice = random.Random(19)
    right = written(b"POST", b"/mcp/acme/work", known(session, "2025-11-25"), PING)
    for _ in range(count):
        wrong = bytearray(right)
        for _ in range(dice.randrange(1, 4)):
            wrong[dice.randrange(len(wrong))] = dice.choice(b"\x00\r\n :%\xff\t\x7f,;[]0Aa")
        yield bytes(wrong), bytes(wrong)


@pytest.mark.parametrize("kind", ["headers", "requests", "bytes"])
def test_there_is_no_500(session: InSession, kind: str) -> None:
    made = {
        "headers": lambda: odd_headers(session),
        "requests": lambda: odd_requests(session, 700),
        "bytes": lambda: odd_bytes(session, 500),
    }
    broken, count = [], 0
    for what, request in made[kind]():
        status = answered(session, request)
        count += 1
        if status.startswith(b"HTTP/1.1 5") and not status.startswith(b"HTTP/1.1 503"):
            broken.append((status, what))
    assert not broken, "\n".join(map(str, [(len(broken), count), *broken[:30]]))
    assert count >= 500
    assert session.request("ping").result == {}


def test_it_writes_no_traceback(session: InSession) -> None:
    """After all of the above."""
    assert session.gateway.log is not None
    written_down = session.gateway.log.read_text()
    assert "A request to the gateway failed" not in written_down
    assert "Exception in ASGI application" not in written_down
