"""Dana asks for tools that she doesn't have; who looks after them says yes or no, and she hears of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from approvals.actions.decline_access import decline_access
from approvals.actions.give_access import give_access
from approvals.actions.request_access import MOST_OPEN, request_access
from approvals.actions.withdraw_request import withdraw_request
from approvals.errors import ApprovalError, NotYours, TooLate, TooMany
from approvals.models import AccessRequest
from audit.models import Event
from connectors.access.usable import groups_that_use, usable_tools
from connectors.models import Connector
from harriet.people.errors import NotFound
from harriet.people.models import Group, Membership, Notice
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tool
from tests.stage.profiles import profile


@pytest.fixture
def finance(cast: Cast) -> Group:
    return Group.objects.create(organization=cast.acme, slug="finance", name="Finance")


@pytest.fixture
def warehouse(cast: Cast, finance: Group) -> Connector:
    made: Connector = connector(cast.acme, "http://127.0.0.1:9/mcp", slug="warehouse", name="Data warehouse")
    Connector.objects.filter(pk=made.pk).update(owner=cast.alice, state="active")
    made.refresh_from_db()
    tool(made, {"name": "run_report"}, finance, is_enabled=True)
    profile(cast.acme, made, groups=[finance], slug="figures")
    return made


def dana_of(cast: Cast) -> Membership:
    return Membership.objects.select_related("user", "organization").get(user=cast.dana)


def asked(cast: Cast, warehouse: Connector | None, need: str = "Figures for\nthe board.") -> AccessRequest:
    return request_access(dana_of(cast), warehouse, need, actor=cast.actor(cast.dana))


def test_the_connectors_owner_is_told_and_the_log_has_it(cast: Cast, warehouse: Connector) -> None:
    request = asked(cast, warehouse)
    assert (request.ticket.number, request.ticket.title) == (1, "Access to Data warehouse")
    told = Notice.objects.get()
    assert told.user == cast.alice and told.text == "Dana asks for access to Data warehouse: Figures for the board."
    assert "asked for access to Data warehouse on ticket #1" in Event.objects.get(code="access.asked").sentence


def test_alice_puts_her_into_a_group_and_she_hears_what_she_may_use(
    cast: Cast, warehouse: Connector, finance: Group
) -> None:
    request = asked(cast, warehouse)
    assert give_access(request, finance, actor=cast.actor(cast.alice)) == 1
    assert [str(one) for one in usable_tools(dana_of(cast))] == ["run_report"]
    lines = Notice.objects.filter(read_at=None)
    assert [(line.user, line.text) for line in lines] == [
        (cast.dana, "alice@acme.test gave you access to Data warehouse: you may use 1 of its tools now.")
    ]
    assert not AccessRequest.objects.get().ticket.is_open
    with pytest.raises(TooLate):
        decline_access(request, "No.", actor=cast.actor(cast.alice))


def test_what_would_give_nothing_is_refused_and_changes_nothing(cast: Cast, warehouse: Connector) -> None:
    request, idle = asked(cast, warehouse), Group.objects.create(organization=cast.acme, slug="idle", name="Idle")
    for group, said in ((idle, "still could use nothing"), (None, "can use nothing of Data warehouse yet")):
        with pytest.raises(ApprovalError, match=said):
            give_access(request, group, actor=cast.actor(cast.alice))
    assert AccessRequest.objects.get().state == "open"
    assert idle not in dana_of(cast).groups.all()


def test_a_refusal_needs_a_reason_which_she_hears(cast: Cast, warehouse: Connector) -> None:
    request, alice = asked(cast, warehouse), cast.actor(cast.alice)
    with pytest.raises(ApprovalError, match="Say why"):
        decline_access(request, " ", actor=alice)
    decline_access(request, "Ask Finance for the report.", actor=alice)
    line = Notice.objects.get(user=cast.dana)
    assert line.text.endswith("declined your request for access to Data warehouse: Ask Finance for the report.")
    assert (line.path, asked(cast, warehouse).ticket.number) == ("/tickets/1/", 2)


@pytest.mark.parametrize("who", ["bob", "dana", "charlie"])
def test_others_answer_nothing(cast: Cast, warehouse: Connector, finance: Group, who: str) -> None:
    request, actor = asked(cast, warehouse), cast.actor(getattr(cast, who))
    with pytest.raises(NotYours):
        give_access(request, finance, actor=actor)
    with pytest.raises(NotYours):
        decline_access(request, "No.", actor=actor)


def test_she_asks_once_for_one_thing_and_not_without_end(cast: Cast, warehouse: Connector) -> None:
    asked(cast, warehouse)
    with pytest.raises(ApprovalError, match="ticket #1 waits"):
        asked(cast, warehouse)
    for number in range(MOST_OPEN - 1):
        asked(cast, None, f"A crane, number {number}.")
    with pytest.raises(ApprovalError, match="asked for this already: ticket #2"):
        asked(cast, None, "A crane, number 0.")
    with pytest.raises(TooMany):
        asked(cast, None, "One more.")


def test_she_takes_it_back_and_nobody_is_asked_any_more(cast: Cast, warehouse: Connector, client: Any) -> None:
    request = asked(cast, warehouse)
    with pytest.raises(NotYours):
        withdraw_request(request, actor=cast.actor(cast.alice))
    client.force_login(cast.dana)
    page = client.get(reverse("tickets:detail", args=[1])).content.decode()
    assert "You ask for access" in page and "Withdraw the request" in page
    assert "Withdraw" in client.get(reverse("me:waiting")).content.decode()
    told = client.post(reverse("me:withdraw", args=[1]), follow=True).content.decode()
    assert "Nobody is asked any more" in told
    request.refresh_from_db()
    assert request.state == "withdrawn" and not request.ticket.is_open
    assert Notice.objects.get(user=cast.alice).settled_at is not None
    assert "withdrew the request for access to Data warehouse" in Event.objects.get(code="access.withdrawn").sentence
    with pytest.raises(TooLate):
        decline_access(request, "No.", actor=cast.actor(cast.alice))
    again = client.post(reverse("tickets:withdraw", args=[1]), follow=True).content.decode()
    assert "answered this request" in again and "Withdrawn" in again
    assert asked(cast, warehouse).ticket.number == 2, "and may ask anew"


def test_drafts_and_other_companies_connectors_cannot_be_named(cast: Cast, warehouse: Connector) -> None:
    draft = Connector.objects.create(organization=cast.acme, slug="wiki", name="Wiki")
    other = connector(cast.globex, "http://127.0.0.1:9/mcp", slug="theirs")
    for hidden in (draft, other):
        with pytest.raises(NotFound):
            asked(cast, hidden)


def test_the_ticket_is_seen_by_those_whom_it_concerns(cast: Cast, warehouse: Connector, client: Any) -> None:
    asked(cast, warehouse)
    address = reverse("tickets:detail", args=[1])
    for user, status, button in ((cast.alice, 200, True), (cast.dana, 200, False), (cast.bob, 404, False)):
        client.force_login(user)
        answer = client.get(address)
        assert (answer.status_code, "Give access</button>" in answer.content.decode()) == (status, button), user
    client.force_login(cast.charlie)
    assert client.get(address).status_code == 404
    assert client.post(reverse("tickets:decline", args=[1]), {"reason": "No."}).status_code == 404


def test_alice_answers_on_the_page(cast: Cast, warehouse: Connector, finance: Group, client: Any) -> None:
    asked(cast, warehouse)
    client.force_login(cast.alice)
    assert "asks for <bdi>Data warehouse</bdi>" in client.get(reverse("tickets:list")).content.decode()
    page = client.get(reverse("tickets:detail", args=[1])).content.decode()
    assert "Finance: 1 tool of it" in page
    answer = client.post(reverse("tickets:give", args=[1]), {"group": ""})
    assert answer.status_code == 400 and "can use nothing of Data warehouse yet" in answer.content.decode()
    client.post(reverse("tickets:give", args=[1]), {"group": str(finance.pk), "answer": "Enjoy."})
    assert AccessRequest.objects.get().answer == "Enjoy."
    assert "Requests for access" not in client.get(reverse("tickets:list")).content.decode()


def test_groups_say_whether_a_profile_offers_it(cast: Cast, warehouse: Connector) -> None:
    tool(warehouse, {"name": "drop_table"}, cast.sales, is_enabled=True)
    found = groups_that_use(warehouse)
    assert {(group.slug, group.tool_count, group.has_profile) for group in found} == {  # type: ignore[attr-defined]
        ("finance", 1, True),
        ("sales", 1, False),
    }
