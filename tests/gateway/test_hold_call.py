"""A call that needs a person's yes: held, approved, rejected, collected; never run twice, never run changed."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from approvals.actions.approve_action import approve_action
from approvals.actions.edit_action import edit_action
from approvals.actions.reject_action import reject_action
from approvals.models import PendingAction
from connectors.models import Connector, Tool
from harriet.gateway.runtime import LAST_WORDS
from harriet.gateway.tasks import LEFT_OVER, run_approved_action, run_approved_actions
from harriet.lib.text import show_hidden
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.actors import actor_of
from harriet.people.models import AccessToken
from tests.stage.clients import Client, ModernClient
from tests.stage.office import Office
from tests.stage.processes import Answer, Gateway, Process, Upstream
from tests.stage.waiting import wait_for, wait_for_a_lock

LONG = 60
"""Seconds, of which none passes in vain: whoever waits hears at once what was decided."""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held_echo(office: Office, dana: Client) -> Client:
    """Dana's client, once her gateway knows that `echo` needs confirmation."""
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    hold_for(office, 1, dana.gateway)
    return dana


def hold_for(office: Office, seconds: int, *gateways: Process) -> None:
    """Returns when these processes know it, and what was changed before."""
    office.cast.acme.hold_seconds = seconds
    office.cast.acme.save()
    office.wait_until_known(*gateways)


class Waiting:
    """A call in a thread of its own, as a client that waits for its answer."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._found: list[Answer] = []
        self._thread = threading.Thread(target=lambda: self._found.append(ask()))
        self._thread.start()

    @property
    def answer(self) -> Answer:
        self._thread.join(180)
        return self._found[0]


def the_action(state: str = PendingAction.State.WAITING) -> PendingAction:
    end = time.monotonic() + 60
    while (action := PendingAction.objects.filter(state=state).first()) is None:
        assert time.monotonic() < end, list(PendingAction.objects.values_list("state", flat=True))
        time.sleep(0.02)
    return action


def approve(office: Office) -> PendingAction:
    action = the_action()
    approve_action(action, actor=actor_of(office.cast.bob))
    return action


@pytest.mark.parametrize("era", [Client, ModernClient])
def test_a_call_approved_while_it_is_held_is_answered_at_once(
    held_echo: Client, office: Office, upstream: Upstream, era: type[Client]
) -> None:
    hold_for(office, LONG, held_echo.gateway)
    client = era(held_echo.gateway, held_echo.token)
    waiting = Waiting(lambda: client.call("echo", {"text": "please"}, progressToken=7))
    the_action()
    assert upstream.calls == []
    approve(office)
    answer = waiting.answer
    assert answer.text == "please"
    assert len(upstream.calls) == 1
    assert PendingAction.objects.get().state == PendingAction.State.COLLECTED


def test_a_held_client_is_told_that_it_waits(held_echo: Client, office: Office) -> None:
    hold_for(office, 7, held_echo.gateway)
    answer = held_echo.call("echo", {"text": "slowly"}, progressToken="mine")
    progress = [one for one in answer.messages if one.get("method") == "notifications/progress"]
    assert progress[0]["params"]["progressToken"] == "mine"
    assert "ticket #1" in progress[0]["params"]["message"]


def test_after_the_hold_the_answer_names_the_ticket_and_the_same_call_collects_once(
    held_echo: Client, office: Office, upstream: Upstream
) -> None:
    first = held_echo.call("echo", {"text": "later"}).result
    assert first["isError"] is False  # to a model an error is a reason to try again
    assert "waits for approval: ticket #1" in first["content"][0]["text"]
    assert first["structuredContent"]["ticket"] == first["_meta"]["harriet/ticket"]
    assert (first["_meta"]["harriet/ticket"]["number"], first["_meta"]["harriet/ticket"]["state"]) == (1, "waiting")
    assert first["_meta"]["harriet/ticket"]["url"].endswith("/tickets/1/")
    action = approve(office)
    run_approved_action(str(action.id))
    assert len(upstream.calls) == 1
    assert held_echo.call("echo", {"text": "later"}).text == "later"
    assert len(upstream.calls) == 1
    again = held_echo.call("echo", {"text": "later"}).result["content"][0]["text"]
    assert "ticket #2" in again
    assert len(upstream.calls) == 1


def test_other_arguments_are_another_call(held_echo: Client, office: Office, upstream: Upstream) -> None:
    held_echo.call("echo", {"text": "approved"})
    action = approve(office)
    other = held_echo.call("echo", {"text": "Approved"}).result["content"][0]["text"]
    assert "ticket #2" in other
    run_approved_action(str(action.id))
    sent = [entry["message"]["params"]["arguments"] for entry in upstream.calls]
    assert sent == [{"text": "approved"}]


def test_a_rejection_comes_back_with_its_reason(held_echo: Client, office: Office, upstream: Upstream) -> None:
    hold_for(office, LONG, held_echo.gateway)
    waiting = Waiting(lambda: held_echo.call("echo", {"text": "no"}))
    reject_action(the_action(), reason="Not on a Friday", actor=actor_of(office.cast.bob))
    told = waiting.answer.result
    assert told["isError"] is True
    assert "was rejected (ticket #1): Not on a Friday." in told["content"][0]["text"]
    assert upstream.calls == []


CHANGES: dict[str, Callable[[Office], Any]] = {
    "the connector": lambda office: Connector.objects.update(revision=2),
    "the tool": lambda office: Tool.objects.filter(name="echo").update(is_enabled=False),
    "the caller's group": lambda office: office.work.groups.clear(),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_approval_no_longer_fits_when_what_it_was_for_has_changed(
    held_echo: Client, office: Office, upstream: Upstream, what: str
) -> None:
    held_echo.call("echo", {"text": "then"})
    action = approve(office)
    CHANGES[what](office)
    office.changed()
    run_approved_action(str(action.id))
    assert upstream.calls == []
    assert PendingAction.objects.get().state == PendingAction.State.INVALID


def test_the_schedule_runs_what_nobody_took(held_echo: Client, office: Office, upstream: Upstream) -> None:
    held_echo.call("echo", {"text": "forgotten"})
    approve(office)
    PendingAction.objects.update(decided_at=Now())
    run_approved_actions()
    assert upstream.calls == []  # too early: the process that holds the request goes first
    PendingAction.objects.update(decided_at=Now() - LEFT_OVER)
    run_approved_actions()
    run_approved_actions()
    assert len(upstream.calls) == 1
    assert PendingAction.objects.get().state == PendingAction.State.DONE


def test_many_takers_run_an_approved_call_once(held_echo: Client, office: Office, upstream: Upstream) -> None:
    hold_for(office, LONG, held_echo.gateway)
    waiting = [Waiting(lambda: held_echo.call("echo", {"text": "once"})) for _ in range(4)]
    action = the_action()
    approve(office)
    run_approved_action(str(action.id))
    texts = [one.answer.result["content"][0]["text"] for one in waiting]
    assert texts.count("once") == 1
    assert len(upstream.calls) == 1
    assert len([text for text in texts if "ticket #1 was collected" in text]) == 3


def test_the_rows_of_a_held_call_share_its_request_id(held_echo: Client, office: Office) -> None:
    from audit.models import Event

    hold_for(office, LONG, held_echo.gateway)
    waiting = Waiting(lambda: held_echo.call("echo", {"text": "traced"}))
    approve(office)
    request_id = waiting.answer.result["_meta"]["harriet/requestId"]
    rows = Event.objects.filter(request_id=request_id)
    wait_for(lambda: rows.filter(code="call.outcome").exists())
    codes = set(rows.values_list("code", flat=True))
    assert {"call.held", "action.approved", "call.intent", "call.outcome"} <= codes
    intent = json.loads(Event.objects.get(code="call.intent").body)
    assert intent["decision"] == "hold"


def test_a_web_process_killed_while_holding_loses_nothing(
    office: Office, upstream: Upstream, held_echo: Client, start_gateway: Callable[[], Gateway]
) -> None:
    import signal

    hold_for(office, LONG, held_echo.gateway)
    doomed = start_gateway()
    client = Client(doomed, office.token).until(200)

    def ask() -> Any:
        with pytest.raises((OSError, ValueError)):
            client.call("echo", {"text": "survives"})

    waiting = threading.Thread(target=ask)
    waiting.start()
    the_action()
    doomed.stop(signal.SIGKILL)
    waiting.join()
    run_approved_action(str(approve(office).id))
    assert held_echo.call("echo", {"text": "survives"}).text == "survives"
    assert len(upstream.calls) == 1


def test_beyond_twenty_waiting_calls_of_a_tool_the_client_is_told_why(held_echo: Client, office: Office) -> None:
    from audit.models import Event

    hold_for(office, 0, held_echo.gateway)
    for number in range(20):
        assert "waits for approval" in held_echo.call("echo", {"text": str(number)}).text
    told = held_echo.call("echo", {"text": "one more"}).result
    assert told["isError"] is True
    assert "20 calls of echo that you asked for wait for approval already" in told["content"][0]["text"]
    wait_for(lambda: Event.objects.filter(code="call.refused").count() == 1)
    assert PendingAction.objects.count() == 20


def test_a_client_that_says_nothing_or_that_it_waits_briefly_hears_of_the_ticket_soon(
    held_echo: Client, office: Office
) -> None:
    """Far before the organization's setting; how long exactly, test_keep_patience.py tells."""
    hold_for(office, 120, held_echo.gateway)
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "mcp", "version": "0.1.0"}}
    session = held_echo.request("initialize", hello).headers["mcp-session-id"]
    message = held_echo.message("tools/call", {"name": "echo", "arguments": {"text": "short"}})
    headers = {**held_echo.headers(message), "mcp-session-id": session}
    assert "ticket #1" in held_echo.post(json.dumps(message).encode(), headers).text
    message = held_echo.message(
        "tools/call", {"name": "echo", "arguments": {"text": "told"}, "_meta": {"progressToken": 1}}
    )
    lines = [*held_echo.headers(message).items(), ("prefer", "wait=1"), ("prefer", "respond-async")]
    assert "ticket #2" in held_echo.post(json.dumps(message).encode(), lines).text


def test_a_client_that_gives_up_before_an_approved_call_has_ended_hears_of_the_ticket(
    office: Office, dana: Client, upstream: Upstream
) -> None:
    Tool.objects.filter(name="slow").update(requires_confirmation=True)
    hold_for(office, LONG, dana.gateway)
    message = dana.message("tools/call", {"name": "slow", "arguments": {"ms": 3000, "text": "there"}})
    body, headers = json.dumps(message).encode(), {**dana.headers(message), "prefer": "wait=3"}
    waiting = Waiting(lambda: dana.post(body, headers))
    approve(office)
    assert waiting.answer.text.startswith("This call was approved and runs now: ticket #1")
    assert waiting.answer.result["structuredContent"]["ticket"]["number"] == 1
    the_action(PendingAction.State.DONE)
    assert dana.post(body, dana.headers(message)).text == "there"
    assert len(upstream.calls) == 1


def test_progress_is_told_at_once(held_echo: Client, office: Office) -> None:
    hold_for(office, 2, held_echo.gateway)
    answer = held_echo.call("echo", {"text": "now"}, progressToken="mine")
    told = [one["params"]["message"] for one in answer.messages if one.get("method") == "notifications/progress"]
    assert told == ["Waiting for approval on ticket #1."]


@pytest.mark.parametrize("era", [Client, ModernClient])
def test_a_client_that_goes_away_finds_the_result_later(
    held_echo: Client, office: Office, upstream: Upstream, era: type[Client]
) -> None:
    hold_for(office, LONG, held_echo.gateway)
    client = era(held_echo.gateway, held_echo.token)
    message = client.message(
        "tools/call", {"name": "echo", "arguments": {"text": "left"}, "_meta": {"progressToken": 1}}
    )
    connection = http.client.HTTPConnection("127.0.0.1", client.gateway.port, timeout=60)
    connection.request("POST", client.path, json.dumps(message).encode(), client.headers(message))
    the_action()
    connection.close()
    run_approved_action(str(approve(office).id))
    wait_for(lambda: PendingAction.objects.get().state == PendingAction.State.DONE)
    assert len(upstream.calls) == 1
    assert client.call("echo", {"text": "left"}, progressToken=2).text == "left"
    assert len(upstream.calls) == 1


def test_each_call_of_a_batch_is_told_of_its_ticket(held_echo: Client, office: Office) -> None:
    hold_for(office, 0, held_echo.gateway)
    messages = [held_echo.message("tools/call", {"name": "echo", "arguments": {"text": text}}) for text in "ab"]
    headers = held_echo.headers(messages[0])
    del headers["mcp-protocol-version"]  # of the one revision that has them
    answers = held_echo.post(json.dumps(messages).encode(), headers).json
    assert {one["result"]["structuredContent"]["ticket"]["number"] for one in answers} == {1, 2}


@pytest.mark.parametrize("era", [Client, ModernClient])
def test_access_that_ends_while_a_call_is_held_ends_the_wait_with_a_sentence(
    held_echo: Client, office: Office, upstream: Upstream, era: type[Client]
) -> None:
    hold_for(office, LONG, held_echo.gateway)
    client = era(held_echo.gateway, held_echo.token)
    waiting = Waiting(lambda: client.call("echo", {"text": "gone"}, progressToken=1))
    the_action()
    held_echo.request("tools/list")  # the process goes on with what it was doing, and has the ticket in hand
    revoke_token(AccessToken.objects.get(), actor=actor_of(office.cast.alice))
    error = waiting.answer.error
    assert error["code"] == 401
    assert "Your access to Harriet ended in the middle of this" in error["message"]
    assert "The call is on ticket #1 and has not run." in error["message"]
    assert upstream.calls == []


def test_access_that_ends_is_told_with_the_ticket_however_long_the_database_takes(
    held_echo: Client, office: Office, upstream: Upstream
) -> None:
    hold_for(office, LONG, held_echo.gateway)
    waiting = Waiting(lambda: held_echo.call("echo", {"text": "slowly gone"}, progressToken=1))
    the_action()
    held_echo.request("tools/list")
    with ThreadPoolExecutor(1) as other:
        locked, is_over = threading.Event(), threading.Event()
        slowness = other.submit(_keep_from_looking, locked, is_over)
        assert locked.wait(60)
        revoke_token(AccessToken.objects.get(), actor=actor_of(office.cast.alice))
        wait_for_a_lock()
        time.sleep(LAST_WORDS + 1)
        is_over.set()
        slowness.result()
    assert "The call is on ticket #1 and has not run." in waiting.answer.error["message"]
    assert upstream.calls == []


def _keep_from_looking(locked: threading.Event, is_over: threading.Event) -> None:
    """At held calls."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE approvals_pendingaction IN ACCESS EXCLUSIVE MODE")
            locked.set()
            is_over.wait(60)
    finally:
        connection.close()


def test_a_held_tool_promises_no_shape_that_the_ticket_could_not_have(office: Office, dana: Client) -> None:
    """Clients throw away a result that doesn't fit the tool's output schema, and with it the ticket."""

    def listed() -> dict[str, Any]:
        every = dana.request("tools/list").result["tools"]
        return next(tool for tool in every if tool["name"] == "weather")

    assert listed()["outputSchema"] == {"type": "object", "required": ["degrees"]}
    Tool.objects.filter(name="weather").update(requires_confirmation=True)
    hold_for(office, 0, dana.gateway)
    assert "outputSchema" not in listed()
    assert dana.call("weather").result["structuredContent"]["ticket"]["number"] == 1
    run_approved_action(str(approve(office).id))
    assert dana.call("weather").result["structuredContent"] == {"degrees": 21}


def test_a_result_collected_twice_at_once_is_no_reason_to_run_it_again(held_echo: Client, office: Office) -> None:
    hold_for(office, LONG, held_echo.gateway)
    waiting = [Waiting(lambda: held_echo.call("echo", {"text": "once"}, progressToken=1)) for _ in range(2)]
    the_action()
    approve(office)
    results = [one.answer.result for one in waiting]
    assert [result.get("isError", False) for result in results] == [False, False]
    assert any("The call ran once" in result["content"][0]["text"] for result in results)


@pytest.mark.parametrize("name", ["a\0b", "Claude \u202elive", "Desk\n\nApproved by Bob", "x" * 10_000])
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_whatever_a_client_calls_itself_it_is_held_like_any_other(
    office: Office, held_echo: Client, name: str, era: str
) -> None:
    dana = held_echo
    info = {"name": name, "version": "1"}
    if era == "modern":
        modern = ModernClient(dana.gateway, dana.token)
        message = modern.message("tools/call", {"name": "echo", "arguments": {"text": "hello"}})
        message["params"]["_meta"]["io.modelcontextprotocol/clientInfo"] = info
        answer = modern.post(json.dumps(message).encode(), modern.headers(message))
    else:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}
        session = dana.request("initialize", hello).headers["mcp-session-id"]
        message = dana.message("tools/call", {"name": "echo", "arguments": {"text": "hello"}})
        answer = dana.post(json.dumps(message).encode(), {**dana.headers(message), "mcp-session-id": session})
    assert "waits for approval" in answer.text
    label = the_action().client_label
    assert label == show_hidden(label) and "\n" not in label and len(label) <= 120


def test_a_call_that_an_approver_changed_runs_changed_and_its_client_is_told(
    held_echo: Client, office: Office, upstream: Upstream
) -> None:
    """While the client is held, and after it: the same first call collects it, once."""
    Tool.objects.filter(name="echo").update(risk_override="moderate")
    hold_for(office, LONG, held_echo.gateway)
    bob = actor_of(office.cast.bob)
    waiting = Waiting(lambda: held_echo.call("echo", {"text": "to everybody"}, progressToken=1))
    assert edit_action(the_action(), b'{"text": "to Max"}', reason="Only Max.", actor=bob) == "runs"
    told = waiting.answer.result
    assert [block["text"] for block in told["content"]][1:] == ["to Max"]
    said = told["content"][0]["text"]
    assert "with changes" in said and 'text: "to everybody" became "to Max"' in said
    assert told["_meta"]["harriet/edited"]["changes"] == [{"path": "text", "before": "to everybody", "after": "to Max"}]
    hold_for(office, 1, held_echo.gateway)
    held_echo.call("echo", {"text": "once more"})
    action = the_action()
    edit_action(action, b'{"text": "once"}', reason="Once.", actor=bob)
    run_approved_action(str(action.id))
    assert held_echo.call("echo", {"text": "once more"}).result["content"][1]["text"] == "once"
    assert "waits for approval" in held_echo.call("echo", {"text": "once more"}).result["content"][0]["text"]
    assert [one["message"]["params"]["arguments"] for one in upstream.calls] == [{"text": "to Max"}, {"text": "once"}]
