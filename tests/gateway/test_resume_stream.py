"""A client whose connection breaks in the middle of an answer goes on with it: by GET, at any process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any

import pytest

from tests.gateway.test_listen_streams import HELLO, InSession, stream
from tests.stage.clients import Client
from tests.stage.office import Office
from tests.stage.processes import Gateway
from tests.stage.tokens import device_token

STEPS = 60
Event = tuple[str, dict[str, Any] | None]


def events(response: HTTPResponse) -> Iterator[Event]:
    """The id and message of every event; None for one without data."""
    name, message = "", None
    while line := response.readline():
        text = line.decode().rstrip("\r\n")
        if text.startswith("id: "):
            name = text[4:]
        elif text.startswith("data: {"):
            message = json.loads(text[6:])
        elif not text and name:
            yield name, message
            name, message = "", None


def begin(session: InSession, upto: int) -> tuple[dict[str, Any], list[Event]]:
    """A long call, whose connection breaks after so many events."""
    arguments = {"name": "report", "arguments": {"steps": STEPS}, "_meta": {"progressToken": "mine"}}
    message = session.message("tools/call", arguments)
    with stream(session, "POST", json.dumps(message).encode(), message) as response:
        assert response.readline() == b"retry: 1000\n"
        coming = events(response)
        return message, [next(coming) for _ in range(upto)]


def resume(session: InSession, after: str) -> list[Event]:
    connection_headers = session.headers({})
    more = {"accept": "text/event-stream", "last-event-id": after}

    class Resuming(InSession):
        def headers(self, message: dict[str, Any]) -> dict[str, str]:
            return {**connection_headers, **more}

    with stream(Resuming(session.gateway, session.token, session.path), "GET") as response:
        assert response.status == 200
        return list(events(response))


def steps(heard: list[Event]) -> list[int]:
    return [message["params"]["progress"] for _, message in heard if message and "params" in message]


@pytest.fixture
def session(gateway: Gateway, office: Office, dana: Client) -> InSession:
    return InSession(gateway, office.token).begin()


def test_the_first_event_only_brings_an_id(session: InSession) -> None:
    _, heard = begin(session, 2)
    assert heard[0][1] is None
    assert heard[1][1] is not None
    assert heard[0][0] != heard[1][0]


def test_a_broken_stream_goes_on_where_it_was(session: InSession) -> None:
    message, heard = begin(session, 4)
    rest = resume(session, heard[-1][0])
    assert steps(heard) + steps(rest) == list(range(1, STEPS + 1)), "nothing is missing, and nothing comes twice"
    last = rest[-1][1]
    assert last is not None
    assert (last["id"], last["result"]["content"][0]["text"]) == (message["id"], "reported")
    assert resume(session, heard[0][0])[-1][1] == last, "it is kept for a while"


def test_a_broken_stream_goes_on_at_another_process(
    session: InSession, second_gateway: Gateway, office: Office
) -> None:
    Client(second_gateway, office.token).until(200)
    message, heard = begin(session, 4)
    rest = resume(session.at(second_gateway), heard[-1][0])
    assert steps(heard) + steps(rest) == list(range(1, STEPS + 1))
    assert rest[-1][1] is not None
    assert rest[-1][1]["id"] == message["id"]


def lost(session: InSession, after: str) -> dict[str, Any]:
    more = {**session.headers({}), "last-event-id": after}
    answer = session.gateway.get(session.path, headers=more)
    assert answer.status == 200
    return dict(answer.json)


def test_a_stream_is_its_sessions_alone(session: InSession, gateway: Gateway, office: Office) -> None:
    message, heard = begin(session, 2)
    other = InSession(gateway, device_token(office.cast.acme, office.cast.dana, "phone"))
    other.until(200)
    other.begin()
    told = lost(other, heard[-1][0])
    assert told["id"] == message["id"]
    assert "look before you repeat it" in told["error"]["message"]


def test_a_client_whose_process_is_gone_is_told(session: InSession, second_gateway: Gateway, office: Office) -> None:
    Client(second_gateway, office.token).until(200)
    told = lost(session.at(second_gateway), "0123456789abcdef.AAAAAAAAAAAAAAAA.3.Nw")
    assert (told["id"], told["error"]["code"]) == (7, -32603)


def test_older_revisions_have_no_event_ids(gateway: Gateway, office: Office, dana: Client) -> None:
    session = InSession(gateway, office.token)
    hello = {**HELLO, "protocolVersion": "2025-06-18"}
    session.session = session.request("initialize", hello).headers["mcp-session-id"]
    answer = session.call("report", {"steps": 2}, progressToken=1)
    assert answer.messages[-1]["result"]["content"][0]["text"] == "reported"
    assert b"id: " not in answer.body
    assert b"retry" not in answer.body
