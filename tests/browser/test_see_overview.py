"""Alice opens Harriet: the set-up checklist, the menus, the theme switch."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.stage.cast import Cast
from tests.stage.site import Site
from tests.stage.visit import visit

pytestmark = pytest.mark.browser


def test_overview_of_a_new_organization(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    visit(page, "/settings/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview", use_inner_text=True)
    expect(page.locator("main")).to_contain_text("2 of 7 done", use_inner_text=True)


def test_slash_goes_to_search(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto("/settings/")
    page.keyboard.press("/")
    page.keyboard.type("dana")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=dana")
    expect(page.locator("main")).to_contain_text("dana@acme.test", use_inner_text=True)


def test_chosen_colours_stay(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto("/settings/")
    page.get_by_label("Account of").click()
    page.get_by_label("Dark").check()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(15, 18, 22)")


def test_menu_works_without_javascript(site: Site, cast: Cast) -> None:
    page = site.context(cast.alice, width=360, has_scripts=False).new_page()
    page.goto("/settings/")
    page.get_by_label("Menu", exact=True).click()
    page.get_by_role("navigation", name="Main, in the menu").get_by_text("Settings").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings", use_inner_text=True)
