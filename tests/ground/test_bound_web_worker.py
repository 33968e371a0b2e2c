"""What our web worker does with requests that don't end, and with answers that take their time; over real sockets."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from harriet.start.doors import CROWD, Doors
from harriet.start.processes import WORKER
from tests.ground.hasty import PATIENCE
from tests.stage.processes import KEPT, Process
from tests.stage.waiting import wait_for

pytestmark = pytest.mark.processes
A_MOMENT = 0.05
REQUEST = b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextmanager
def serving(worker: str, folder: Path) -> Iterator[Process]:
    command = [sys.executable, "-m", "gunicorn", "-k", worker, "-b", "127.0.0.1:{port}", "--keep-alive", KEPT]
    process = Process([*command, "--no-control-socket", "tests.ground.hasty:app"], ready="/", log=folder / "web.log")
    try:
        process.wait()
        yield process
    finally:
        process.stop()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """With little patience, for what is cut."""
    with serving("tests.ground.hasty.HastyWorker", tmp_path_factory.mktemp("hasty")) as process:
        yield process


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """As it is for real, for what is served, however slow a machine sends it."""
    with serving(WORKER, tmp_path_factory.mktemp("patient")) as process:
        yield process


def connected(web: Process) -> socket.socket:
    return socket.create_connection(("127.0.0.1", web.port), timeout=60)


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


def test_the_head_of_an_answer_does_not_wait_for_a_late_body(patient: Process) -> None:
    with connected(patient) as connection:
        connection.sendall(REQUEST % b"/parts")
        began = connection.recv(65536)
        assert b"x-path: /parts\r\n" in began
        assert b"first" not in began
        assert read_all(connection, b"0\r\n\r\n").replace(b"\r\n", b"") == b"6first 4last0"


def test_a_request_that_runs_is_answered_before_the_process_ends(tmp_path: Path) -> None:
    with serving(WORKER, tmp_path) as ending:
        with connected(ending) as connection:
            connection.sendall(REQUEST % b"/parts")
            assert b"200" in connection.recv(65536)
            ending.child.send_signal(signal.SIGTERM)
            assert read_all(connection, b"0\r\n\r\n").endswith(b"4\r\nlast\r\n0\r\n\r\n")
        assert ending.child.wait(60) == 0


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAA\r\n\r\n"
"""As Java's HTTP client sends it with the first request to an address without TLS."""
WEBSOCKET = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
ECHO = b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        [ECHO + b"Content-Length: 9\r\n" + H2C + b"{a: body}"],
        [ECHO + b"Content-Length: 9\r\n" + WEBSOCKET, b"{a: body}"],
        [ECHO + b"Content-Length: 9\r\nConnection: Up", b"grade\r\nUpgrade: h2c\r\n\r\n{a:", b" body}"],
        [ECHO + b"Transfer-Encoding: chunked\r\n" + H2C + b"4\r\n{a: \r\n", b"5\r\nbody}\r\n0\r\n\r\n"],
    ],
    ids=["h2c", "websocket, body later", "in pieces", "chunked"],
)
def test_a_wish_for_another_protocol_costs_no_body(patient: Process, parts: list[bytes]) -> None:
    with connected(patient) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(A_MOMENT)
        assert read_all(connection, b"{a: body}").startswith(b"HTTP/1.1 200 ")
        connection.sendall(REQUEST % b"/next")
        assert b"x-path: /next" in read_all(connection, b"0\r\n\r\n"), "the connection goes on"


def test_very_many_such_wishes_in_one_packet_are_all_served(patient: Process) -> None:
    wish = ECHO + b"Content-Length: 5\r\n" + WEBSOCKET + b"<%03d>"
    with connected(patient) as connection:
        connection.sendall(b"".join(wish % number for number in range(1000)))
        answer = read_all(connection, b"<999>")
    assert answer.count(b"HTTP/1.1 200 ") == 1000


def test_a_wish_hides_no_second_request(patient: Process) -> None:
    hidden = b"0\r\n\r\n" + REQUEST % b"/hidden"
    with connected(patient) as connection:
        connection.sendall(ECHO + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % len(hidden) + H2C + hidden)
        answer = read_all(connection, b"never")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"/hidden" not in answer


def test_a_head_that_does_not_end_is_told_so(web: Process) -> None:
    with connected(web) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        answer = read_all(connection, b"never")
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert answer.endswith(b"The request did not arrive in time.")


def test_a_head_that_is_too_long_is_told_so(patient: Process) -> None:
    with connected(patient) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 100_000)
        answer = read_all(connection, b"never")
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_what_is_no_http_is_told_so_however_much_of_it_comes(patient: Process) -> None:
    with connected(patient) as connection:
        connection.sendall(b"\x16\x03\x01" + b"x" * 500_000)
        assert read_all(connection, b"never").startswith(b"HTTP/1.1 400 ")


def test_a_second_head_has_its_deadline_too(web: Process) -> None:
    with connected(web) as connection:
        connection.sendall(REQUEST % b"/one")
        assert b"x-path: /one" in read_all(connection, b"0\r\n\r\n")
        connection.sendall(b"GET /two HTTP/1.1\r\n")
        assert read_all(connection, b"never").startswith(b"HTTP/1.1 408 ")


def test_five_hundred_that_never_finish_are_gone_and_others_are_served(web: Process) -> None:
    unfinished = [connected(web) for _ in range(500)]
    for number, connection in enumerate(unfinished):
        with suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\n"[: number % 17])
    with connected(web) as person:
        person.sendall(REQUEST % b"/person")
        assert b"x-path: /person" in read_all(person, b"0\r\n\r\n")
    for connection in unfinished:
        with suppress(ConnectionResetError):  # it was cut while its beginning was still on the way
            read_all(connection, b"never")
        connection.close()


def test_an_address_has_so_many_connections_and_no_more() -> None:
    doors = Doors(most=2)
    assert [doors.enter("10.0.0.1") for _ in range(3)] == [True, True, False]
    assert doors.enter("10.0.0.2")
    for has_spoken in (False, True):
        doors.spoke("10.0.0.1") if has_spoken else None
        doors.leave("10.0.0.1", has_spoken=has_spoken)
    assert doors.enter("10.0.0.1")
    assert all(Doors(most=0).enter("10.0.0.1") for _ in range(5000))


def test_a_crowd_that_says_nothing_is_waited_for_less_long() -> None:
    doors = Doors(most=0)
    for _ in range(CROWD + 1):
        doors.enter("10.0.0.1")
    assert doors.is_crowded("10.0.0.1")
    assert not doors.is_crowded("10.0.0.2")
    doors.spoke("10.0.0.1")
    assert not doors.is_crowded("10.0.0.1")
    for number in range(CROWD + 1):
        doors.leave("10.0.0.1", has_spoken=number == 0)
    assert not doors._open and not doors._silent


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Process]:
    with serving("tests.ground.hasty.NarrowWorker", tmp_path) as process:
        yield process


def test_one_connection_too_many_is_told_so_and_the_others_are_served(narrow: Process) -> None:
    open_ones = [connected(narrow) for _ in range(4)]
    for connection in open_ones:
        connection.sendall(REQUEST % b"/mine")
        assert b"x-path: /mine" in read_all(connection, b"0\r\n\r\n")
    with connected(narrow) as another:
        assert read_all(another, b"never").startswith(b"HTTP/1.1 503 ")
    open_ones[0].sendall(REQUEST % b"/again")
    assert b"x-path: /again" in read_all(open_ones[0], b"0\r\n\r\n")
    open_ones.pop().close()

    def is_served() -> bool:
        with connected(narrow) as another, suppress(ConnectionError):
            another.sendall(REQUEST % b"/mine")
            return b"x-path: /mine" in read_all(another, b"0\r\n\r\n")
        return False

    wait_for(is_served)
    for connection in open_ones:
        connection.close()
    assert "as many as one address may" in narrow.tail()


def test_a_client_that_never_reads_its_refusal_is_let_go(web: Process) -> None:
    """What still comes after the last answer is thrown away, but not for ever."""
    with connected(web) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        time.sleep(2 * PATIENCE)
        assert until_closed(connection, b"x" * 65536, most=1000) < 1000
