"""A client takes a call back: its own one, by its id in its session, and never another's."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.gateway.test_listen_streams import InSession
from tests.stage.clients import Client
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Answer, Gateway, Upstream
from tests.stage.waiting import wait_for

SLOW = {"name": "slow", "arguments": {"ms": 3000, "text": "arrived"}}
ENDLESS = {"name": "slow", "arguments": {"ms": 60_000, "text": "arrived"}}
"""For a call that is cancelled, however long that takes."""


def sent(client: Client, message: dict[str, Any]) -> Answer:
    return client.post(json.dumps({"jsonrpc": "2.0", **message}).encode(), client.headers(message))


def cancels(client: Client, request_id: Any) -> None:
    assert sent(client, {"method": "notifications/cancelled", "params": {"requestId": request_id}}).status == 202


@contextmanager
def running(
    client: Client, upstream: Upstream, request_id: Any, params: dict[str, Any] = SLOW
) -> Iterator[Future[Answer]]:
    """A slow call that has reached its server."""
    known = len(upstream.calls)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(sent, client, {"id": request_id, "method": "tools/call", "params": params})
        wait_for(lambda: len(upstream.calls) > known)
        yield call


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture
def dana(_gateway: Gateway, office: Office) -> Client:
    return Client(_gateway, office.token)


@pytest.fixture
def log(office: Office) -> Log:
    return Log(office.cast.acme.id)


@pytest.fixture
def one(_gateway: Gateway, office: Office) -> InSession:
    return InSession(_gateway, office.token).begin()


@pytest.fixture
def other(_gateway: Gateway, office: Office) -> InSession:
    """Another program on Dana's laptop, with the same token."""
    return InSession(_gateway, office.token).begin()


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["same process", "another process"])
def test_a_client_cancels_its_own_call(
    one: InSession, _second_gateway: Gateway, office: Office, upstream: Upstream, is_elsewhere: bool, log: Log
) -> None:
    Client(_second_gateway, office.token).until(200)
    with running(one, upstream, 5, ENDLESS) as call:
        cancels(one.at(_second_gateway) if is_elsewhere else one, 5)
        assert (call.result(60).status, call.result().body) == (202, b"")
    assert log.events("call.outcome")[0]["outcome"] == "cancelled"
    wait_for(lambda: any("cancelled" in entry for entry in upstream.seen))


def test_a_finished_id_cancels_nothing_of_another_session(
    one: InSession, other: InSession, _second_gateway: Gateway, office: Office, upstream: Upstream
) -> None:
    Client(_second_gateway, office.token).until(200)
    assert sent(one, {"id": 5, "method": "tools/call", "params": {"name": "echo", "arguments": {}}}).status == 200
    with running(other, upstream, 5) as call:
        cancels(one, 5)
        cancels(one.at(_second_gateway), 5)
        assert call.result(60).text == "arrived"


def test_text_and_number_are_two_ids(one: InSession, upstream: Upstream) -> None:
    for running_id, others in ((5, ["5", 5.0, True, None, [5], {"a": 5}]), ("5", [5, "05", "5 "]), (1, [True, 1.0])):
        with running(one, upstream, running_id) as call:
            for request_id in others:
                cancels(one, request_id)
            assert call.result(60).text == "arrived"


def test_one_id_in_another_spelling_is_the_same_id(one: InSession, upstream: Upstream) -> None:
    with running(one, upstream, "a5", ENDLESS) as call:
        note = b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"\\u0061\\u0035"}}'
        assert one.post(note, one.headers({})).status == 202
        assert call.result(60).status == 202


def test_without_a_session_nothing_is_cancelled(dana: Client, one: InSession, upstream: Upstream) -> None:
    """Two programs with one token and no session may both count from one."""
    with running(dana, upstream, 5) as call:
        for client in (Client(dana.gateway, dana.token), one):
            cancels(client, 5)
        assert call.result(60).text == "arrived"


def test_a_second_request_with_the_id_of_a_running_one_is_refused(one: InSession, upstream: Upstream) -> None:
    with running(one, upstream, 7) as call:
        again = sent(one, {"id": 7, "method": "tools/call", "params": SLOW})
        assert (again.error["code"], again.json["id"]) == (-32600, 7)
        assert "still runs" in again.error["message"]
        assert sent(one, {"id": "7", "method": "ping"}).result == {}
        assert call.result(60).text == "arrived"
    assert sent(one, {"id": 7, "method": "tools/call", "params": {"name": "echo", "arguments": {}}}).status == 200


def test_the_same_id_in_two_sessions_at_once_is_fine(one: InSession, other: InSession, upstream: Upstream) -> None:
    with running(one, upstream, 1) as first, running(other, upstream, 1, ENDLESS) as second:
        cancels(other, 1)
        assert second.result(60).status == 202
        assert first.result(60).text == "arrived"


@pytest.mark.parametrize(
    "response",
    [
        {"result": {}},
        {"id": None, "result": {}},
        {"id": 1.5, "result": {}},
        {"id": True, "error": {"code": 1, "message": "x"}},
        {"id": 1, "result": {}, "error": {"code": 1, "message": "x"}},
        {"id": 1},
        {"id": 1, "method": ""},
    ],
    ids=["no id", "null", "fraction", "boolean", "both", "neither", "no name"],
)
def test_a_response_without_an_id_or_an_answer_is_refused(one: InSession, response: dict[str, Any]) -> None:
    refused = sent(one, response)
    assert (refused.status, refused.error["code"]) == (400, -32600)


def test_a_response_that_answers_nothing_is_dropped(one: InSession, dana: Client) -> None:
    for client in (one, dana):
        for request_id in (5, "5", "harriet.0123456789abcdef.x", "harriet.everyone.x", "harriet.a:b.x"):
            assert sent(client, {"id": request_id, "result": {}}).status == 202


def test_a_storm_of_cancellations_harms_nobody_else(one: InSession, other: InSession, upstream: Upstream) -> None:
    with running(other, upstream, 3) as call:
        threads = [threading.Thread(target=cancels, args=(one, number)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert call.result(60).text == "arrived"
