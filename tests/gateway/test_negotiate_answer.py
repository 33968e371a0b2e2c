"""Headers are read as RFC 9110 says: lists joined, any case, weights obeyed."""

from __future__ import annotations

import json

import pytest

from tests.stage.clients import Client
from tests.stage.office import Office
from tests.stage.processes import Answer, Gateway

BOTH = "application/json, text/event-stream"


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture
def dana(_gateway: Gateway, office: Office) -> Client:
    return Client(_gateway, office.token)


def reported(dana: Client, *accept: str, content_type: str = "application/json") -> Answer:
    """The answer to a call that says how far it is, if the client takes a stream."""
    message = dana.message("tools/call", {"name": "report", "arguments": {"steps": 2}, "_meta": {"progressToken": "p"}})
    headers = [(name, value) for name, value in dana.headers(message).items() if name not in ("accept", "content-type")]
    headers += [("content-type", content_type), *(("accept", value) for value in accept)]
    return dana.post(json.dumps(message).encode(), headers)


@pytest.mark.parametrize(
    "accept",
    [
        (BOTH,),
        ("application/json", "text/event-stream"),
        ("text/event-stream", "application/json"),
        ("Application/JSON, TEXT/Event-Stream",),
        ("application/json;q=0.9,text/event-stream;q=0.1",),
        ("application/json , text/event-stream ; charset=utf-8 ; Q=1.000",),
        ("*/*",),
        ("application/json, text/*",),
        ('text/plain;x="a,b;q=0", */*;q=0.1',),
    ],
)
def test_a_client_that_takes_a_stream_gets_one(dana: Client, accept: tuple[str, ...]) -> None:
    answer = reported(dana, *accept)
    assert answer.headers["content-type"] == "text/event-stream"
    assert [message.get("method") for message in answer.messages] == ["notifications/progress"] * 2 + [None]
    assert answer.text == "reported"


@pytest.mark.parametrize(
    "accept",
    [
        (),
        ("application/json",),
        ("application/json, text/event-stream;q=0",),
        ("application/json", "text/event-stream;q=0.000"),
        ("*/*, text/event-stream;q=0",),
        ("*/*, text/*;q=0",),
        ("application/*",),
    ],
)
def test_a_client_that_takes_none_gets_json(dana: Client, accept: tuple[str, ...]) -> None:
    answer = reported(dana, *accept)
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == "reported"


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json;q=0, text/event-stream", "text/*"])
def test_a_client_that_takes_no_json_gets_a_stream_for_everything(dana: Client, accept: str) -> None:
    for method, params in (("ping", {}), ("initialize", {"protocolVersion": "2025-11-25"}), ("no/such", {})):
        message = dana.message(method, params)
        answer = dana.post(json.dumps(message).encode(), dana.headers(message) | {"accept": accept})
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        assert answer.json["id"] == message["id"]
        assert ("mcp-session-id" in answer.headers) == (method == "initialize")


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*;q=0", "text/event-stream;q=0"])
def test_a_client_that_takes_neither_is_told(dana: Client, accept: str) -> None:
    answer = reported(dana, accept)
    assert answer.status == 406
    assert "Accept: application/json, text/event-stream" in answer.error["message"]
    assert dana.gateway.get(dana.path, "POST", dana.headers({}) | {"accept": accept}).status == 406


@pytest.mark.parametrize("content_type", ["Application/JSON", "APPLICATION/JSON;Charset=UTF-8", " application/json "])
def test_a_content_type_has_no_case(dana: Client, content_type: str) -> None:
    assert reported(dana, BOTH, content_type=content_type).text == "reported"


def test_a_compressed_body_is_refused_as_such(dana: Client) -> None:
    answer = dana.post(b"x", dana.headers({}) | {"content-encoding": "gzip"})
    assert answer.status == 415
    assert "Content-Encoding" in answer.error["message"]


@pytest.mark.parametrize("twice", ["authorization", "host", "content-type", "mcp-session-id", "origin"])
def test_a_header_that_is_no_list_comes_once(dana: Client, twice: str) -> None:
    headers = [*dana.headers({}).items(), (twice, "x"), (twice, "x")]
    if twice == "host":
        headers = [*dana.headers({}).items(), (twice, "localhost"), (twice, "127.0.0.1")]
    if twice == "origin":
        headers = [*dana.headers({}).items(), (twice, "http://localhost"), (twice, "http://localhost")]
    assert dana.post(b"{}", headers).status == 400


@pytest.mark.parametrize(
    "origin", ["http://[::1", "http://[", "http://]", "//", "http://a b", "http://\x7f", "null", ""]
)
def test_an_origin_that_is_none_is_a_foreign_one(dana: Client, origin: str) -> None:
    for method in ("POST", "OPTIONS", "GET"):
        assert dana.gateway.send(method, dana.path, b"{}", dana.headers({}) | {"origin": origin}).status in (400, 403)
