"""A thousand clients that listen and hear nothing cost little memory."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.gateway.test_listen_streams import InSession, listen
from tests.stage.clients import ModernClient
from tests.stage.office import Office
from tests.stage.processes import Gateway
from tests.stage.waiting import wait_for

STREAMS = 1000
MOST_KIB = 40


def rss_kib(gateway: Gateway) -> int:
    """Of the one web process below gunicorn's."""
    children = Path(f"/proc/{gateway.child.pid}/task/{gateway.child.pid}/children").read_text().split()
    return sum(_rss_of(child) for child in children)


def _rss_of(process: str) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


@contextmanager
def room_for(files: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def head(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{name}: {value}" for name, value in {"host": "localhost", **headers}.items()]
    lines.append(f"content-length: {len(body)}")
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode() + body


def opened(gateway: Gateway, request: bytes) -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", gateway.port), timeout=30)
    stream.sendall(request)
    assert stream.recv(4096).startswith(b"HTTP/1.1 200")
    return stream


def test_a_thousand_idle_streams_cost_little(office: Office, start_gateway) -> None:  # type: ignore[no-untyped-def]
    with room_for(4 * STREAMS), ExitStack() as streams:
        gateway = start_gateway()
        client = ModernClient(gateway, office.token)
        client.until(200)
        session = InSession(gateway, office.token).begin()
        body, message = listen(client, {"toolsListChanged": True})
        requests = [
            head("GET", session.path, session.headers({}), b""),
            head("POST", client.path, client.headers(message), body),
        ]
        for number in range(20):
            opened(gateway, requests[number % 2]).close()
        before = rss_kib(gateway)
        for number in range(STREAMS):
            streams.enter_context(opened(gateway, requests[number % 2]))
        assert (rss_kib(gateway) - before) / STREAMS <= MOST_KIB, "KiB for each stream"
        streams.close()
        wait_for(lambda: client.request("tools/list").status == 200)
