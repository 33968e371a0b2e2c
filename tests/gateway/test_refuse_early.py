"""An answer that comes before the body was taken reaches the client: whoever it is, and however it sends the body."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
import requests

from tests.stage.clients import Client
from tests.stage.office import Office
from tests.stage.processes import Gateway

MIB = 2**20
SIZES = [int(4.2 * MIB), 8 * MIB, 24 * MIB]
Ask = Callable[[Client, int], tuple[int, str]]


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture
def dana(_gateway: Gateway, office: Office) -> Client:
    return Client(_gateway, office.token)


def url(client: Client) -> str:
    return client.gateway.url + client.path


def pieces(size: int) -> Iterator[bytes]:
    for start in range(0, size, 65536):
        yield b" " * min(65536, size - start)


def by_requests(client: Client, size: int) -> tuple[int, str]:
    answer = requests.post(url(client), data=b" " * size, headers=client.headers({}), timeout=60)
    return answer.status_code, answer.text


def by_requests_in_chunks(client: Client, size: int) -> tuple[int, str]:
    answer = requests.post(url(client), data=pieces(size), headers=client.headers({}), timeout=60)
    return answer.status_code, answer.text


def by_httpx(client: Client, size: int) -> tuple[int, str]:
    answer = httpx.post(url(client), content=b" " * size, headers=client.headers({}), timeout=60)
    return answer.status_code, answer.text


def by_httpx_in_chunks(client: Client, size: int) -> tuple[int, str]:
    answer = httpx.post(url(client), content=pieces(size), headers=client.headers({}), timeout=60)
    return answer.status_code, answer.text


def by_the_standard_library(client: Client, size: int) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", client.gateway.port, timeout=60)
    connection.request("POST", client.path, b" " * size, client.headers({}))
    response = connection.getresponse()
    found = response.status, response.read().decode()
    connection.close()
    return found


def by_hand(client: Client, size: int, *more: str) -> tuple[int, str]:
    """Sends everything before it reads anything, and reads to the connection's end."""
    with socket.create_connection(("127.0.0.1", client.gateway.port), timeout=60) as connection:
        connection.sendall(head(client, f"Content-Length: {size}", *more) + b" " * size)
        status, _, rest = until_end(connection).decode().partition("\r\n")
    return int(status.split()[1]), rest.partition("\r\n\r\n")[2]


def by_hand_in_order(client: Client, size: int) -> tuple[int, str]:
    return by_hand(client, size, "Connection: close")


def by_hand_without_waiting(client: Client, size: int) -> tuple[int, str]:
    """Asks whether it may send, and sends."""
    return by_hand(client, size, "Expect: 100-continue")


WAYS: list[Ask] = [
    *(by_requests, by_requests_in_chunks, by_httpx, by_httpx_in_chunks, by_the_standard_library),
    *(by_hand_in_order, by_hand_without_waiting),
]


@pytest.mark.parametrize("ask", WAYS)
@pytest.mark.parametrize("size", SIZES)
def test_a_body_that_is_too_large(dana: Client, ask: Ask, size: int) -> None:
    status, text = ask(dana, size)
    assert status == 413
    assert json.loads(text)["error"]["message"] == "The message is larger than 4 MiB."


@pytest.mark.parametrize("ask", WAYS)
def test_a_token_that_is_none(dana: Client, ask: Ask) -> None:
    status, text = ask(Client(dana.gateway, "hrt_dev_nobody", dana.path), 8 * MIB)
    assert status == 401
    assert "doesn't know this token" in json.loads(text)["error"]["message"]


@pytest.mark.parametrize("ask", WAYS)
def test_a_profile_that_is_none(dana: Client, ask: Ask) -> None:
    status, text = ask(Client(dana.gateway, dana.token, "/mcp/acme/nothing"), 8 * MIB)
    assert status == 404
    assert "no such profile" in json.loads(text)["error"]["message"]


@pytest.mark.parametrize(("status", "more"), [(415, {"content-type": "text/plain"}), (406, {"accept": "image/png"})])
def test_a_form_that_is_not_taken(dana: Client, status: int, more: dict[str, str]) -> None:
    for body in (b" " * 8 * MIB, pieces(8 * MIB)):
        answer = requests.post(url(dana), data=body, headers=dana.headers({}) | more, timeout=60)
        assert answer.status_code == status
        assert answer.json()["error"]["code"] == status


@pytest.mark.parametrize("size", SIZES)
def test_node_sees_it_too(dana: Client, size: int) -> None:
    script = Path(__file__).with_name("fetch_refused.mjs")
    command = ["node", str(script), url(dana), dana.token, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    for line in done.stdout.splitlines():
        seen = json.loads(line)
        assert seen["status"] == 413, seen
        assert "larger than 4 MiB" in seen["text"]
    assert len(done.stdout.splitlines()) == 3


def head(client: Client, *more: str) -> bytes:
    lines = [f"{name}: {value}" for name, value in client.headers({}).items()]
    return "\r\n".join([f"POST {client.path} HTTP/1.1", "Host: localhost", *lines, *more, "", ""]).encode()


def until_end(connection: socket.socket) -> bytes:
    found = b""
    while part := connection.recv(65536):
        found += part
    return found


def test_who_asks_first_is_refused_and_sends_nothing(dana: Client) -> None:
    for client, status in ((dana, b"413"), (Client(dana.gateway, "hrt_dev_nobody"), b"401")):
        with socket.create_connection(("127.0.0.1", dana.gateway.port), timeout=60) as connection:
            connection.sendall(head(client, f"Content-Length: {8 * MIB}", "Expect: 100-continue"))
            answer = until_end(connection)
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert b"100 Continue" not in answer
        assert b"connection: close" in answer


def test_who_asks_first_is_told_to_go_on(dana: Client) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
    with socket.create_connection(("127.0.0.1", dana.gateway.port), timeout=60) as connection:
        connection.sendall(head(dana, f"Content-Length: {len(body)}", "Expect: 100-continue", "Connection: close"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert b'"result":{}' in until_end(connection)


def test_a_connection_serves_on_after_a_refusal_that_read_all(dana: Client) -> None:
    """A refusal that has nothing to do with the body's size keeps the connection, and what comes next is a request."""
    connection = http.client.HTTPConnection("127.0.0.1", dana.gateway.port, timeout=30)
    for _ in range(3):
        connection.request("POST", "/mcp/acme/nothing", b" " * MIB, dana.headers({}))
        response = connection.getresponse()
        assert (response.status, bool(response.read())) == (404, True)
        connection.request("POST", dana.path, b'{"jsonrpc":"2.0","id":1,"method":"ping"}', dana.headers({}))
        assert json.loads(connection.getresponse().read())["result"] == {}
    connection.close()


def test_a_body_without_end_is_not_read_for_ever(dana: Client) -> None:
    for client in (dana, Client(dana.gateway, "hrt_dev_nobody")):
        sent = 0
        with socket.create_connection(("127.0.0.1", dana.gateway.port), timeout=30) as connection:
            connection.sendall(head(client, "Transfer-Encoding: chunked"))
            try:
                while sent < 200 * MIB:
                    connection.sendall(b"100000\r\n" + b" " * MIB + b"\r\n")
                    sent += MIB
            except OSError:
                pass
        assert sent < 200 * MIB


@pytest.mark.parametrize("path", ["/accounts/login/", "/api/v1/connectors/", "/nothing"])
def test_the_pages_take_no_larger_body_either(dana: Client, path: str) -> None:
    for body in (b"a" * 8 * MIB, pieces(8 * MIB)):
        answer = requests.post(dana.gateway.url + path, data=body, timeout=60)
        assert answer.status_code == 413
        assert "larger than Harriet reads" in answer.text
