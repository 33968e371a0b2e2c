"""Tickets on a phone: by keys alone, an error that is in sight, and what somebody else decides meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from approvals.actions.reject_action import reject_action
from approvals.models import PendingAction
from connectors.models import Tool
from tests.stage.cast import Cast
from tests.stage.held_calls import Mailing, make_mailing
from tests.stage.site import Site, press

pytestmark = pytest.mark.browser
HIGHEST = 90
"""Pixels of one ticket in the list, on a phone."""


def three_calls(cast: Cast) -> Mailing:
    mailing = make_mailing(cast)
    Tool.objects.filter(pk=mailing.tool.pk).update(risk_override="moderate")
    mailing.tool.refresh_from_db()
    for number in range(3):
        mailing.held(b'{"to":"max@example.test","n":%d,"text":"%s"}' % (number, b"Lorem ipsum " * 40))
    return mailing


def states() -> list[str]:
    return list(PendingAction.objects.order_by("ticket__number").values_list("state", flat=True))


def test_bob_decides_by_keys_alone(site: Site, cast: Cast) -> None:
    three_calls(cast)
    page = site.context(cast.bob, width=360).new_page()
    page.goto("/tickets/")
    heights = page.locator("table.tickets tbody tr").evaluate_all("rows => rows.map(e => e.offsetHeight)")
    assert len(heights) == 3 and max(heights) <= HIGHEST, heights
    for key, number in (("j", 3), ("j", 2), ("j", 1), ("j", 1), ("k", 2)):
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=f"#{number}", exact=True)).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_text("Go to the button that approves")).to_be_visible()
    page.get_by_label("Search tickets").press_sequentially("jar?k")
    expect(page.get_by_label("Search tickets")).to_have_value("jar?k")
    page.goto("/tickets/")
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.wait_for_url("**/tickets/3/#approve")
    expect(page.get_by_role("button", name="Approve and run")).to_be_focused()
    assert states() == ["waiting"] * 3, "a key alone decides nothing"
    page.keyboard.press("r")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Ajar: not today.")
    with page.expect_navigation():
        page.get_by_role("button", name="Reject").press("Enter")
    expect(page.locator("main")).to_contain_text("2 more wait for you.")
    assert states() == ["waiting", "waiting", "rejected"]
    page.keyboard.press("j")
    page.wait_for_url("**/tickets/2/")
    page.keyboard.press("a")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert states() == ["waiting", "approved", "rejected"]


def test_the_whole_row_leads_to_the_ticket(site: Site, cast: Cast) -> None:
    three_calls(cast)
    page = site.context(cast.bob, width=360).new_page()
    page.goto("/tickets/")
    page.locator("table.tickets tbody tr").first.click(position={"x": 150, "y": 60})
    page.wait_for_url("**/tickets/3/")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_what_is_wrong_is_in_sight(site: Site, cast: Cast, has_scripts: bool) -> None:
    three_calls(cast)
    page = site.context(cast.bob, width=360, has_scripts=has_scripts).new_page()
    page.goto("/tickets/3/")
    press(page, "Reject", exact=True)
    expect(page.get_by_text("Say why")).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("Reason")).to_be_focused()


def test_the_decision_of_one_is_seen_by_the_others_and_nothing_typed_is_lost(site: Site, cast: Cast) -> None:
    mailing = three_calls(cast)
    page, writing = site.page(cast.bob), site.page(cast.bob)
    page.goto("/tickets/3/")
    writing.goto("/tickets/3/")
    writing.get_by_label("Say something").fill("Who is Max?")
    page.locator("summary", has_text="As JSON").click()
    action = PendingAction.objects.get(ticket__number=3)
    reject_action(action, reason="Max left.", actor=mailing.cast.actor(mailing.cast.alice))
    for one in (page, writing):
        expect(one.locator("main")).to_contain_text("Max left.")
        expect(one.get_by_role("button", name="Approve and run")).to_have_count(0)
    expect(writing.get_by_label("Say something")).to_have_value("Who is Max?")
    expect(page.locator("details", has_text=re.compile("As JSON"))).to_have_attribute("open", "")
