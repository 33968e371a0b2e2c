"""My AI: Dana's own tools, calls and requests, and nothing of what is not hers."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from approvals.actions.approve_action import approve_action
from approvals.actions.reject_action import reject_action
from approvals.models import AccessRequest, PendingAction
from audit.actor import Actor, Label
from audit.context import request as audit_request
from audit.events import CALL_REFUSED
from audit.record import insert
from connectors.models import Connector, Tool
from harriet.people.models import Device
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.connectors import tool
from tests.stage.events import any_event


@pytest.fixture
def dana(client: Client, cast: Cast) -> Client:
    make_busy_company(cast)
    client.force_login(cast.dana)
    return client


def read(client: Client, name: str, **query: Any) -> str:
    answer = client.get(reverse(name), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_she_sees_what_she_may_use_from_where_and_whether_it_asks(dana: Client) -> None:
    page = read(dana, "me:tools")
    assert "search_customers" in page and "Runs at once" in page
    assert "Somebody approves each call" in page and "Read-only" in page
    assert "delete_customer" not in page, "it is not enabled"
    assert "Data warehouse" not in page, "no profile of hers has it"


def test_she_finds_among_them(dana: Client) -> None:
    assert "search_customers" not in read(dana, "me:tools", q="deals")
    asks = read(dana, "me:tools", asks="yes")
    assert "send_mail" in asks and "search_customers" not in asks
    assert "send_mail" not in read(dana, "me:tools", risk="read_only", q="mail address")
    assert "Nothing of yours fits" in read(dana, "me:tools", q="nothing like it")


def test_many_tools_come_in_pages_with_few_questions(dana: Client, cast: Cast) -> None:
    crm = Connector.objects.get(organization=cast.acme, slug="crm")
    for number in range(90):
        tool(crm, {"name": f"zz_{number:03}"}, cast.sales, is_enabled=True)
    seen, cursor = "", ""
    for _ in range(4):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = dana.get(reverse("me:tools"), {"cursor": cursor, "q": "zz_"})
        assert len(asked) <= 15
        seen += page.content.decode()
        cursor = page.context["found"]().next if callable(page.context["found"]) else page.context["found"].next
        if not cursor:
            break
    assert [f"zz_{number:03}" for number in range(90) if f"zz_{number:03}<" not in seen] == []


def test_she_asks_for_a_connector_by_name_and_learns_no_tool_of_it(dana: Client, cast: Cast) -> None:
    warehouse = Connector.objects.get(organization=cast.acme, slug="warehouse")
    tool(warehouse, {"name": "payroll_2026"}, is_enabled=True)
    page = read(dana, "me:request", connector=warehouse.pk)
    assert "Data warehouse" in page and "payroll_2026" not in page and "Wiki" not in page
    answer = dana.post(f"{reverse('me:request')}?connector={warehouse.pk}", {"need": "Figures."}, follow=True)
    assert "ticket #4" in answer.content.decode() and "Waiting for an answer" in answer.content.decode()
    assert AccessRequest.objects.get().connector == warehouse
    refused = dana.post(f"{reverse('me:request')}?connector={warehouse.pk}", {"need": "Figures."})
    assert refused.status_code == 400 and "ticket #4 waits" in refused.content.decode()


def test_what_is_hers_or_nobodys_here_cannot_be_asked_for(dana: Client, cast: Cast) -> None:
    other = Connector.objects.create(organization=cast.globex, slug="x", name="Theirs", state="active")
    for slug in ("crm", "wiki"):
        one = Connector.objects.get(organization=cast.acme, slug=slug)
        assert dana.get(reverse("me:request"), {"connector": one.pk}).status_code == 404
    for said in (other.pk, "nothing"):
        assert dana.get(reverse("me:request"), {"connector": said}).status_code == 404


def test_she_withdraws_a_call_of_hers_and_no_other(dana: Client, cast: Cast) -> None:
    assert read(dana, "me:waiting").count("Withdraw<") == 3
    answer = dana.post(reverse("me:withdraw", args=[2]), follow=True).content.decode()
    assert "Withdrawn. The call has not run" in answer and answer.count("Withdraw<") == 2
    assert PendingAction.objects.get(ticket__number=2).state == "withdrawn"
    dana.force_login(cast.alice)
    assert dana.post(reverse("me:withdraw", args=[1])).status_code == 404


def test_her_activity_says_you_and_who_decided(dana: Client, cast: Cast) -> None:
    bob = cast.actor(cast.bob)
    actions = {action.ticket.number: action for action in PendingAction.objects.select_related("ticket")}
    approve_action(actions[1], actor=bob)
    reject_action(actions[2], reason="Not this week.", actor=bob)
    page = read(dana, "me:activity")
    assert "You asked for" in page and "Bob approved it" in page and "Bob rejected it" in page
    assert "Not this week." in page and "Waits for approval" in page and reverse("tickets:detail", args=[3]) in page


def test_a_refusal_tells_nothing_of_what_she_may_not_use(dana: Client, cast: Cast) -> None:
    """What the log says of the reason is for auditors: it names groups, and tools that are hidden from her."""
    hidden = Tool.objects.get(connector__slug="crm", name="delete_customer")
    why = "delete_customer is allowed for the group Finance; Dana is not among them."
    with audit_request():
        insert(
            any_event(
                CALL_REFUSED,
                organization_id=cast.acme.pk,
                actor=Actor("person", cast.dana.pk, "dana@acme.test"),
                connector=Label(hidden.connector_id, "CRM"),
                tool=Label(hidden.pk, hidden.name),
                decision="refuse",
                reason=why,
            )
        )
    page = read(dana, "me:activity", outcome="refused")
    assert "You were refused" in page and "not among the tools that you may use" in page
    assert "Finance" not in page and "delete_customer" not in page


def test_her_calls_are_filtered(dana: Client, cast: Cast) -> None:
    assert "send_mail" not in read(dana, "me:activity", tool="get_customer")
    failed = read(dana, "me:activity", outcome="failed")
    assert "Succeeded" not in failed.split("<tbody>")[1] and "Error" in failed
    device = Device.objects.filter(user=cast.dana).first()
    assert device
    assert "Waits for approval" in read(dana, "me:activity", device=device.pk, days="7")
    assert "No call of yours fits" in read(dana, "me:activity", device=cast.acme.pk)


def test_the_list_goes_on_by_cursor(dana: Client) -> None:
    first = dana.get(reverse("me:activity"))
    older = first.context["older"]
    older = older() if callable(older) else older
    second = read(dana, "me:activity", cursor=older)
    assert older and "Older" in first.content.decode() and "Newer" in second


def test_nothing_is_hers_that_is_others(dana: Client, cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)
    for name in ("me:tools", "me:activity"):
        page = read(client, name)
        assert "search_customers" not in page
    assert Tool.objects.filter(name="search_customers").exists()
