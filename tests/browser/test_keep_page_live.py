"""A page that is left open: its counters and its region follow, and it says so when they can't."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from harriet.people.actions.notice_person import notice_person
from tests.stage.cast import Cast
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
