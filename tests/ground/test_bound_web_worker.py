"""What our web worker does with requests that don't end, and with answers that take their time; over real sockets."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.processes import Process

from .hasty import PATIENCE, PAUSE

pytestmark = pytest.mark.processes
REQUEST = b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Process]:
    command = [sys.executable, "-m", "gunicorn", "-k", "tests.ground.hasty.HastyWorker", "-b", "127.0.0.1:{port}"]
    process = Process([*command, "--no-control-socket", "tests.ground.hasty:app"], ready="/", log=tmp_path / "web.log")
    process.wait()
    yield process
    process.stop()


def connected(web: Process) -> socket.socket:
    return socket.create_connection(("127.0.0.1", web.port), timeout=20)


def until_closed(connection: socket.socket, piece: bytes, *, pause: float = 0.0, most: int) -> int:
    """How many pieces the server took before it closed."""
    for number in range(most):
        try:
            connection.sendall(piece)
        except OSError:
            return number
        time.sleep(pause)
    return most


def read_all(connection: socket.socket, end: bytes) -> bytes:
    found = b""
    while not found.endswith(end):
        part = connection.recv(65536)
        if not part:
            break
        found += part
    return found


def test_a_head_without_end_is_cut(web: Process) -> None:
    with connected(web) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        assert until_closed(connection, b"x" * 65536, most=1000) < 1000


def test_a_request_that_drips_is_cut(web: Process) -> None:
    with connected(web) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
        assert until_closed(connection, b"x", pause=PATIENCE / 10, most=1000) < 1000
    with connected(web) as silent:
        assert silent.recv(1) == b""


def test_a_kept_connection_serves_again_after_a_pause(web: Process) -> None:
    with connected(web) as connection:
        for path in (b"/one", b"/two"):
            connection.sendall(REQUEST % path)
            answer = read_all(connection, b"0\r\n\r\n")
            assert b"x-path: " + path in answer
            assert b"last" in answer
            time.sleep(2 * PATIENCE)


def test_the_head_of_an_answer_does_not_wait_for_a_late_body(web: Process) -> None:
    with connected(web) as connection:
        connection.sendall(REQUEST % b"/parts")
        began = connection.recv(65536)
        assert b"x-path: /parts\r\n" in began
        assert b"first" not in began
        assert read_all(connection, b"0\r\n\r\n").replace(b"\r\n", b"") == b"6first 4last0"


def test_a_request_that_runs_is_answered_before_the_process_ends(web: Process) -> None:
    with connected(web) as connection:
        connection.sendall(REQUEST % b"/parts")
        assert b"200" in connection.recv(65536)
        time.sleep(PAUSE / 2)
        web.child.send_signal(signal.SIGTERM)
        assert read_all(connection, b"0\r\n\r\n").endswith(b"4\r\nlast\r\n0\r\n\r\n")
    assert web.child.wait(20) == 0
