"""Whatever becomes of a call, each event of it names the person, the device, the client and the credential it came
from: the way of a held call is walked to each of its ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now

from approvals.actions.approve_action import approve_action
from approvals.actions.expire_actions import expire_actions
from approvals.actions.reject_action import reject_action
from approvals.actions.take_action import take_action
from approvals.actions.withdraw_action import withdraw_action
from approvals.models import PendingAction
from audit.actor import SYSTEM
from audit.models import Event
from audit.unfinished_calls import close_unfinished_calls
from connectors.models import Connector, Tool
from harriet.gateway.tasks import run_approved_action
from harriet.people.actors import actor_of
from harriet.people.models import AccessToken
from tests.gateway.test_hold_call import Waiting, hold_for, the_action
from tests.stage.clients import Client, ModernClient
from tests.stage.events import tamper
from tests.stage.office import Office
from tests.stage.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

CLIENT = "by hand 1"
"""What `ModernClient` calls itself."""


@pytest.fixture
def held_echo(office: Office, modern_dana: ModernClient) -> ModernClient:
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    hold_for(office, 0, modern_dana.gateway)
    return modern_dana


def events_of_calls(*wanted: str) -> list[dict[str, Any]]:
    """All bodies of events that belong to calls, once each of these codes is among them."""
    rows = Event.objects.filter(code__regex=r"^(call|action)\.")
    wait_for(lambda: set(wanted) <= set(rows.values_list("code", flat=True)))
    return [json.loads(row.body) for row in rows.order_by("recorded_at")]


def assert_named(office: Office, *wanted: str, client: str = CLIENT) -> None:
    token = AccessToken.objects.get(organization=office.cast.acme)
    for body in events_of_calls(*wanted):
        assert body["person"]["id"] == str(office.cast.dana.pk), body
        assert body.get("device") == {"id": str(token.device_id), "label": "laptop"}, body
        assert body["client"] == client, body
        assert body["token_hint"] == token.hint, body


def approve(office: Office) -> PendingAction:
    action = the_action()
    approve_action(action, actor=actor_of(office.cast.bob))
    return action


def ran_by_a_worker(office: Office, client: Client) -> list[str]:
    client.call("echo", {"text": "later"})
    run_approved_action(str(approve(office).pk))
    client.call("echo", {"text": "later"})
    return ["call.held", "action.approved", "call.intent", "call.outcome", "action.collected"]


def ran_while_its_client_waited(office: Office, client: Client) -> list[str]:
    hold_for(office, 120, client.gateway)
    waiting = Waiting(lambda: client.call("echo", {"text": "now"}, progressToken=1))
    approve(office)
    assert waiting.answer.text == "now"
    return ["call.held", "action.approved", "call.intent", "call.outcome", "action.collected"]


def rejected(office: Office, client: Client) -> list[str]:
    client.call("echo", {"text": "no"})
    reject_action(the_action(), reason="Not on a Friday.", actor=actor_of(office.cast.bob))
    client.call("echo", {"text": "no"})
    return ["call.held", "action.rejected", "call.refused"]


def expired(office: Office, client: Client) -> list[str]:
    client.call("echo", {"text": "late"})
    PendingAction.objects.update(expires_at=Now() - timedelta(seconds=1))
    expire_actions(actor=SYSTEM)
    return ["call.held", "action.expired"]


def withdrawn(office: Office, client: Client) -> list[str]:
    client.call("echo", {"text": "never mind"})
    withdraw_action(the_action(), actor=actor_of(office.cast.dana))
    client.call("echo", {"text": "never mind"})
    return ["call.held", "action.withdrawn", "call.refused"]


def no_longer_what_was_approved(office: Office, client: Client) -> list[str]:
    client.call("echo", {"text": "then"})
    action = approve(office)
    Connector.objects.update(revision=2)
    office.changed()
    run_approved_action(str(action.pk))
    return ["call.held", "action.approved", "action.invalidated"]


def lost_with_its_process(office: Office, client: Client) -> list[str]:
    client.call("echo", {"text": "gone"})
    take_action(approve(office).pk, actor=SYSTEM)
    PendingAction.objects.update(started_at=Now() - timedelta(seconds=settings.MCP_DEADLINE_SECONDS + 120))
    expire_actions(actor=SYSTEM)
    return ["call.held", "action.approved", "action.lost"]


def refused(office: Office, client: Client) -> list[str]:
    assert client.call("none-such").error
    return ["call.refused"]


ENDS: list[Callable[[Office, Client], list[str]]] = [
    ran_by_a_worker,
    ran_while_its_client_waited,
    rejected,
    expired,
    withdrawn,
    no_longer_what_was_approved,
    lost_with_its_process,
    refused,
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_every_event_of_a_laptops_call_names_who_and_what_it_came_from(
    held_echo: ModernClient, office: Office, end: Callable[[Office, Client], list[str]]
) -> None:
    wanted = end(office, held_echo)
    assert_named(office, *wanted)


def test_a_call_whose_process_ended_is_closed_under_the_same_names(held_echo: ModernClient, office: Office) -> None:
    held_echo.call("slow", {"text": "x", "ms": 0})
    events_of_calls("call.intent", "call.outcome")
    tamper("DELETE FROM audit_event WHERE code = 'call.outcome'")
    tamper("UPDATE audit_event SET recorded_at = recorded_at - interval '1 hour'")
    assert close_unfinished_calls() == 1
    assert_named(office, "call.outcome")


def test_an_approved_call_stands_in_the_log_as_one_whichever_request_ran_it(
    held_echo: ModernClient, office: Office
) -> None:
    """The client repeated its call, and the repetition ran: hold, decision, run and result share one request and one
    ticket, and it is the request that the client was told."""
    first = held_echo.call("echo", {"text": "again"}).result["_meta"]["harriet/requestId"]
    hold_for(office, 120, held_echo.gateway)
    waiting = Waiting(lambda: held_echo.call("echo", {"text": "again"}, progressToken=1))
    approve(office)
    assert waiting.answer.result["_meta"]["harriet/requestId"] == first
    bodies = events_of_calls("call.held", "action.approved", "call.intent", "call.outcome", "action.collected")
    assert {body["request"] for body in bodies} == {first}
    assert {body["ticket"]["label"] for body in bodies} == {"#1"}
