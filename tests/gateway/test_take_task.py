"""Clients with the tasks extension (2026-07-28): a call that waits for a person is a task, and the caller's alone."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
from django.db.models import F

from approvals.actions.lapse_results import lapse_results
from approvals.actions.reject_action import reject_action
from approvals.models import COLLECT_WITHIN, PendingAction
from audit.actor import SYSTEM, Actor
from audit.models import Event
from connectors.models import Tool
from harriet.gateway.tasks import run_approved_action
from harriet.people.actions.release_stop import release_stop
from harriet.people.actions.stop_calls import stop_calls
from harriet.people.actors import OPERATOR, actor_of
from harriet.people.stop_powers import Subject
from tests.gateway.test_hold_call import approve, hold_for, the_action
from tests.stage.clients import META, Client, ModernClient
from tests.stage.office import Office
from tests.stage.processes import Answer, Upstream
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for

EXTENSION = "io.modelcontextprotocol/tasks"
DECLARED = {**META, "io.modelcontextprotocol/clientCapabilities": {"extensions": {EXTENSION: {}}}}
pytestmark = pytest.mark.django_db(transaction=True)


class TaskClient(ModernClient):
    """Goes on with tasks, as it says in each request."""

    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        made = super().message(method, params)
        made["params"]["_meta"] |= DECLARED
        return made

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        task = message["params"].get("taskId")
        return {**super().headers(message), **({"mcp-name": task} if task else {})}

    def about(self, method: str, task: str, **more: Any) -> Answer:
        return self.request(f"tasks/{method}", {"taskId": task, **more})


@pytest.fixture
def client(office: Office, dana: Client) -> TaskClient:
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    hold_for(office, 60, dana.gateway)
    return TaskClient(dana.gateway, dana.token)


def run(office: Office) -> None:
    run_approved_action(str(approve(office).id))


def test_a_held_call_is_a_task_whose_result_may_be_read_again(
    client: TaskClient, office: Office, upstream: Upstream
) -> None:
    offered = client.request("server/discover").result["capabilities"]
    assert offered["extensions"] == {EXTENSION: {}} and "tasks" not in offered
    made = client.call("echo", {"text": "once"}).result
    assert made["resultType"] == "task" and made["status"] == "working" and "ticket #1" in made["statusMessage"]
    assert not {"task", "result", "error", "requestState", "inputRequests", "ttl", "pollInterval"} & made.keys()
    assert made["ttlMs"] == 48 * 3600 * 1000 and made["pollIntervalMs"] > 0
    task = made["taskId"]
    assert client.call("echo", {"text": "once"}).result["taskId"] == task, "the same call is the same task"
    before = client.about("get", task).result
    assert (before["resultType"], before["status"], before["taskId"]) == ("complete", "working", task)
    run(office)
    assert PendingAction.objects.get().state == PendingAction.State.DONE
    for _ in range(2):
        done = client.about("get", task).result
        assert done["status"] == "completed" and done["result"]["content"][0]["text"] == "once"
        assert done["result"]["resultType"] == "complete"
    assert len(upstream.calls) == 1
    assert Event.objects.filter(code="action.collected").count() == 1
    assert PendingAction.objects.get().state == PendingAction.State.COLLECTED
    assert client.call("echo", {"text": "once"}).result["taskId"] != task, "what was collected is asked for anew"


def test_a_task_that_was_kept_long_enough_says_that_its_result_is_gone(client: TaskClient, office: Office) -> None:
    task = client.call("echo", {"text": "old"}).result["taskId"]
    run(office)
    client.about("get", task)
    PendingAction.objects.update(expires_at=F("expires_at") - 2 * COLLECT_WITHIN)
    lapse_results(actor=SYSTEM)
    assert PendingAction.objects.get().sealed_result is None
    told = client.about("get", task).result
    assert told["status"] == "completed" and "collected" in told["result"]["content"][0]["text"]


def test_what_ends_a_task(client: TaskClient, office: Office, upstream: Upstream) -> None:
    """Rejected: the tool's error, with its reason. Taken back: cancelled, and nothing runs."""
    rejected = client.call("echo", {"text": "no"}).result["taskId"]
    reject_action(the_action(), reason="Not on a Friday.", actor=actor_of(office.cast.bob))
    told = client.about("get", rejected).result
    assert told["status"] == "completed" and told["result"]["isError"] is True
    assert "Not on a Friday." in told["result"]["content"][0]["text"]
    assert client.about("cancel", rejected).result.keys() == {"resultType", "_meta"}, "a task that has ended stays"

    taken_back = client.call("echo", {"text": "never"}).result["taskId"]
    assert client.about("cancel", taken_back).result["resultType"] == "complete"
    assert client.about("get", taken_back).result["status"] == "cancelled"
    assert Event.objects.filter(code="action.withdrawn").count() == 1
    assert upstream.calls == []


def test_cancelling_what_was_approved_takes_nothing_back_and_says_so(client: TaskClient, office: Office) -> None:
    task = client.call("echo", {"text": "late"}).result["taskId"]
    action = approve(office)
    assert client.about("cancel", task).result["resultType"] == "complete"
    told = client.about("get", task).result
    assert told["status"] == "working" and "can't be taken back" in told["statusMessage"]
    run_approved_action(str(action.id))
    assert client.about("get", task).result["status"] == "completed"


def test_nobody_elses_task_answers(client: TaskClient, office: Office) -> None:
    """Not with another token of the same person, in another profile, and not by guessing: all hear the same."""
    task = client.call("echo", {"text": "mine"}).result["taskId"]
    other = TaskClient(client.gateway, device_token(office.cast.acme, office.cast.dana, "phone"))
    office.wait_until_known(client.gateway)
    said, guessed = set(), task[:-2] + ("AA" if task[-2:] != "AA" else "EE")
    for who, named in ((other, task), (client, guessed), (client, "x"), (client, "0" * 43)):
        for method in ("get", "cancel", "update"):
            more: dict[str, Any] = {"inputResponses": {}} if method == "update" else {}
            error = who.about(method, named, **more).error
            assert error["code"] == -32602
            said.add(error["message"])
    assert len(said) == 1
    assert PendingAction.objects.get().state == PendingAction.State.WAITING


def test_tasks_are_for_clients_that_declare_them(client: TaskClient, office: Office) -> None:
    task = client.call("echo", {"text": "mine"}).result["taskId"]
    plain = ModernClient(client.gateway, client.token)
    for method in ("tasks/get", "tasks/cancel", "tasks/update"):
        message = plain.message(method, {"taskId": task, "inputResponses": {}})
        answer = plain.post(json.dumps(message).encode(), {**plain.headers(message), "mcp-name": task})
        assert answer.status == 400 and answer.error["code"] == -32021
        assert EXTENSION in answer.error["data"]["requiredCapabilities"]["extensions"]
    hold_for(office, 0, client.gateway)
    assert plain.call("echo", {"text": "plain"}).result["resultType"] == "complete"
    for gone in ("tasks/list", "tasks/result"):
        assert client.request(gone, {"taskId": task}).error["code"] == -32601
    message = client.message("tasks/get", {"taskId": task})
    wrong = client.post(json.dumps(message).encode(), {**client.headers(message), "mcp-name": "else"})
    assert wrong.error["code"] == -32020


def test_a_listener_hears_of_its_own_tasks(client: TaskClient, office: Office) -> None:
    mine = client.call("echo", {"text": "listened"}).result["taskId"]
    message = client.message("subscriptions/listen", {"notifications": {"taskIds": [mine, "none"]}})
    stream = Stream(client, message)
    acknowledged = stream.read()
    assert acknowledged["params"]["notifications"] == {"taskIds": [mine]}
    assert stream.read()["params"]["status"] == "working"
    run(office)
    while (told := stream.read()["params"])["status"] == "working":
        pass
    assert (told["taskId"], told["status"]) == (mine, "completed")
    assert told["result"]["content"][0]["text"] == "listened"
    stream.close()


def test_while_an_emergency_stop_stands_a_task_gives_out_nothing(client: TaskClient, office: Office) -> None:
    task = client.call("echo", {"text": "ran before"}).result["taskId"]
    run(office)
    said = {"reason": "Somebody else has Dana's laptop.", "actor": Actor("system", None, OPERATOR)}
    one = stop_calls(office.cast.acme, Subject("organization", "", "Acme"), **said)
    wait_for(lambda: "error" in client.about("get", task).json)
    error = client.about("get", task).error
    assert "stopped for now" in error["message"] and "Its task stays as it is." in error["message"]
    release_stop(one, **said)
    wait_for(lambda: "result" in client.about("get", task).json)
    assert client.about("get", task).result["result"]["content"][0]["text"] == "ran before"


class Stream:
    """What comes on an open answer, message by message."""

    def __init__(self, client: Client, message: dict[str, Any]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", client.gateway.port, timeout=60)
        self._connection.request("POST", client.path, json.dumps(message).encode(), client.headers(message))
        self._response = self._connection.getresponse()

    def read(self) -> dict[str, Any]:
        while line := self._response.readline():
            if line.startswith(b"data: {"):
                return dict(json.loads(line[5:]))
        raise AssertionError("the stream ended")

    def close(self) -> None:
        self._connection.close()
