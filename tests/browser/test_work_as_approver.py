"""An approver with 25 tickets, on a phone: by touch, by keyboard alone, without scripts; and at a desk."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from approvals.models import PendingAction, Ticket
from connectors.models import Tool
from harriet.people.actions.send_notices import send_due_notices
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tool
from tests.stage.hands import AT_A_DESK, BY_KEYBOARD, Hands, Way
from tests.stage.held_calls import call_of, hold
from tests.stage.site import Site

pytestmark = pytest.mark.browser
WAYS = (AT_A_DESK, BY_KEYBOARD, Way(360), Way(360, has_scripts=False))
TICKETS = 25
LOOK = "document.querySelectorAll('#live, [data-frame]').forEach(e => htmx.trigger(e, 'look'))"
"""What the page does by itself every few seconds, now."""


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_an_approver_between_two_meetings(site: Site, cast: Cast, way: Way) -> None:
    crm = connector(cast.acme, "http://127.0.0.1:9/mcp")
    update = tool(crm, {"name": "update_deal"}, requires_confirmation=True, risk_proposed="moderate")
    send = tool(crm, {"name": "send_mail"}, requires_confirmation=True, risk_proposed="dangerous")
    ask(cast, update, 20)
    ask(cast, send, TICKETS - 20)
    hears_of_all_in_one_mail(cast)
    bob = Hands(site, cast.bob, way)
    lands_on_what_waits(bob)
    if way.has_scripts:
        sees_that_one_more_came(bob, cast, send)
    approves_three_that_he_has_read(bob)
    rejects_two_with_a_reason(bob)
    looks_at_a_dangerous_one_by_itself(bob)
    finds_what_he_decided(bob)
    bob.done()


def ask(cast: Cast, of: Tool, times: int, begin: int = 0) -> None:
    """Another text each time: the same call again is the same ticket."""
    for number in range(begin, begin + times):
        hold(call_of(of, cast.dana, b'{"to":"max@example.test","text":"%s %d"}' % (of.name.encode(), number)))


def hears_of_all_in_one_mail(cast: Cast) -> None:
    send_due_notices()
    send_due_notices()
    (only,) = [one for one in mail.outbox if one.to == [cast.bob.email]]
    assert f"{TICKETS} calls" in str(only.body)
    assert not [one for one in mail.outbox if one.to == [cast.dana.email]], "she asked herself"


def lands_on_what_waits(bob: Hands) -> None:
    bob.open("/")
    assert bob.page.url.endswith("/tickets/?show=waiting")
    bob.sees(f"Waiting for me {TICKETS}", "update_deal", "send_mail")
    bob.look()


def sees_that_one_more_came(bob: Hands, cast: Cast, of: Tool) -> None:
    chip = bob.page.get_by_role("link", name=re.compile("^Waiting for me"))
    expect(chip).to_contain_text(str(TICKETS))
    ask(cast, of, 1, begin=TICKETS)
    bob.page.evaluate(LOOK)
    expect(chip).to_contain_text(str(TICKETS + 1))
    counter = bob.page.locator("[data-count=tickets]").first
    expect(counter).to_have_text(f"{TICKETS + 1} waiting", use_inner_text=False)


def approves_three_that_he_has_read(bob: Hands) -> None:
    for number in (20, 19, 18):
        bob.tick(label_of(number))
    bob.press("Approve")
    bob.sees("3 calls will be approved.", '"text":"update_deal 19"', "Each runs once")
    bob.look()
    assert waiting() >= TICKETS, "a preview decides nothing"
    bob.press("Approve and run 3 calls")
    bob.sees("3 calls were approved")
    assert state_of(20) == state_of(19) == state_of(18) == "approved"


def rejects_two_with_a_reason(bob: Hands) -> None:
    for number in (17, 16):
        bob.tick(label_of(number))
    bob.press("Reject")
    bob.write("Reason", "The quarter is closed.")
    bob.look()
    bob.press("Show what will change")
    bob.sees("2 calls will be rejected.", "are told: The quarter is closed.")
    bob.press("Reject 2 calls")
    bob.sees("2 calls were rejected")


def looks_at_a_dangerous_one_by_itself(bob: Hands) -> None:
    bob.tick(label_of(TICKETS))
    bob.press("Approve")
    bob.sees("None of 1 call can be approved", "its risk is dangerous: decide on it on its own page")
    bob.open(f"/tickets/{TICKETS}/")
    bob.sees("Dangerous", "max@example.test", "send_mail 4", "laptop")
    bob.look()
    for name in ("Approve and run", "Reject"):
        expect(bob.page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    bob.press("Reject")
    bob.sees("Say why")
    bob.write("Reason", "Max has left the company.")
    bob.press("Reject")
    assert state_of(TICKETS) == "rejected"


def finds_what_he_decided(bob: Hands) -> None:
    bob.open("/tickets/?show=all")
    bob.sees("Rejected", "Approved")
    bob.look()


def label_of(number: int) -> str:
    return f"Tick {Ticket.objects.get(number=number)}"


def waiting() -> int:
    return PendingAction.objects.filter(state="waiting").count()


def state_of(number: int) -> str:
    return str(PendingAction.objects.get(ticket__number=number).state)
