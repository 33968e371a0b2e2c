"""A page that is left open: its counters and its region follow, and it says so when they can't."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from approvals.actions.reject_action import reject_action
from connectors.models import SyncRun
from harriet.people.actions.notice_person import notice_person
from tests.stage.cast import Cast
from tests.stage.connectors import connector
from tests.stage.held_calls import make_mailing
from tests.stage.site import Site

pytestmark = pytest.mark.browser

_LOOK = "document.querySelectorAll('#live, [data-frame]').forEach(e => htmx.trigger(e, 'look'))"
"""What the page does by itself every half minute, now."""


def look(page: Page) -> None:
    page.evaluate(_LOOK)


def test_inbox_counter_follows_on_an_open_page(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto(reverse("connectors:list"))
    counter = page.locator(".top-end [data-count=inbox]")
    expect(counter).to_have_text("")
    notice_person(cast.alice, cast.acme, "The CRM is down.", "/", "crm is down", mail=False)
    look(page)
    expect(counter).to_have_text("1 unread")


def test_page_says_since_when_it_is_out_of_date(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto(reverse("connectors:list"))
    page.route("**/frame/", lambda route: route.abort())
    look(page)
    bar = page.locator("[data-stale]")
    expect(bar).to_contain_text("Not up to date since")
    page.unroute("**/frame/")
    look(page)
    expect(bar).to_be_hidden()


def test_page_of_someone_signed_out_says_so_and_shows_no_sign_in_form_within(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto(reverse("connectors:list"))
    page.context.clear_cookies()
    look(page)
    expect(page.locator("[data-stale]")).to_contain_text("You are signed out")
    expect(page.locator("input[type=password]")).to_have_count(0)
    page.get_by_role("link", name="Sign in again").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_what_somebody_else_decided_meanwhile_cannot_be_pressed(site: Site, cast: Cast) -> None:
    mailing = make_mailing(cast)
    actions = [mailing.action(mailing.held(b'{"to":"%d@acme.test"}' % number)) for number in range(2)]
    page, writing = site.page(cast.bob), site.page(cast.bob)
    page.goto(reverse("tickets:detail", args=[actions[0].ticket.number]))
    writing.goto(reverse("tickets:detail", args=[actions[1].ticket.number]))
    writing.get_by_label("Reason").fill("Is this the right list?")
    look(writing)
    expect(writing.get_by_label("Reason")).to_have_value("Is this the right list?")
    for action in actions:
        reject_action(action, reason="Not today.", actor=cast.actor(cast.alice))
    look(page)
    expect(page.get_by_role("button", name="Approve and run")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("Not today.")
    look(writing)
    expect(writing.get_by_role("button", name="Approve and run")).to_be_disabled()
    expect(writing.locator("[data-stale]")).to_contain_text("There is news")


def test_a_ticket_beside_the_list_follows_too_and_ticks_stay(site: Site, cast: Cast) -> None:
    mailing = make_mailing(cast)
    first, _ = (mailing.action(mailing.held(b'{"to":"%d@acme.test"}' % number)) for number in range(2))
    page = site.page(cast.bob)
    page.goto(reverse("tickets:list"))
    page.get_by_role("checkbox").last.check()
    look(page)
    expect(page.get_by_role("checkbox").last).to_be_checked()
    page.get_by_role("link", name=f"#{first.ticket.number}", exact=True).click()
    side = page.locator("#panel")
    expect(side.get_by_role("button", name="Approve and run")).to_be_visible()
    reject_action(first, reason="Not today.", actor=cast.actor(cast.alice))
    page.evaluate("htmx.trigger('#panel-live', 'look')")
    expect(side).to_contain_text("Not today.")
    expect(side.get_by_role("button", name="Approve and run")).to_have_count(0)


def test_a_table_that_a_sync_has_outdated_says_so(site: Site, cast: Cast) -> None:
    crm = connector(cast.acme, "http://127.0.0.1:9/mcp")
    page = site.page(cast.alice)
    page.goto(reverse("connectors:detail", args=[crm.pk]))
    SyncRun.objects.create(connector=crm, is_success=True, finished_at=timezone.now())
    look(page)
    expect(page.locator("[data-stale]")).to_contain_text("There is news")


def test_a_page_that_follows_nothing_says_after_minutes_of_when_it_is(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.clock.install()
    page.goto(reverse("people:list"))
    expect(page.locator("[data-stale]")).to_be_hidden()
    page.clock.fast_forward("06:00")
    expect(page.locator("[data-stale]")).to_contain_text("What you see is of")
