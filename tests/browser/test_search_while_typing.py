"""Search by keyboard alone: the field, what it finds while one types, the page with all of it; and without scripts."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.site import Site
from tests.stage.visit import Visit, judge

pytestmark = pytest.mark.browser


@pytest.fixture
def page(site: Site, cast: Cast) -> Page:
    make_busy_company(cast)
    page = site.page(cast.alice)
    page.goto(reverse("console:account"))
    return page


@pytest.mark.parametrize("keys", ["/", "Control+k"])
def test_a_person_is_found_and_opened_without_a_mouse(page: Page, keys: str) -> None:
    page.keyboard.press(keys)
    page.keyboard.type("weber jon")
    found = page.get_by_role("region", name="Search, found", exact=True)
    expect(found.get_by_role("link", name="Jonas Weber")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(found.get_by_role("link", name="Jonas Weber")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox", name="Search", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Jonas Weber")


def test_escape_closes_what_was_found_and_enter_opens_the_page(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("crm")
    found = page.get_by_role("region", name="Search, found", exact=True)
    expect(found.get_by_role("link", name="CRM", exact=True).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(found.get_by_role("link")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search: crm")
    expect(page.get_by_role("heading", name="Connectors")).to_be_visible()


def test_without_scripts_the_form_leads_to_the_page(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    page = site.context(cast.alice, has_scripts=False).new_page()
    page.goto(reverse("console:account"))
    page.get_by_role("searchbox", name="Search", exact=True).fill("weber")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Jonas Weber")).to_be_visible()


def test_what_was_found_goes_when_one_goes_on_to_something_else(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("crm")
    found = page.get_by_role("region", name="Search, found", exact=True)
    expect(found.get_by_role("link").first).to_be_visible()
    seen = Visit(page.url)
    judge(page, seen)
    assert not seen.findings, str(seen)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("heading", level=1).click()
    expect(found.get_by_role("link")).to_have_count(0)
