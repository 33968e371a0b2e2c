"""Alice opens Harriet: the set-up checklist, the menus, the theme switch."""

from __future__ import annotations

import pytest

from tests.stage.cast import Cast
from tests.stage.site import Site
from tests.stage.visit import visit

pytestmark = pytest.mark.browser


def test_overview_of_a_new_organization(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    visit(page, "/settings/")
    assert page.get_by_role("heading", level=1).inner_text() == "Overview"
    assert "2 of 7 done" in page.inner_text("main")


def test_slash_goes_to_search(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto("/settings/")
    page.keyboard.press("/")
    page.keyboard.type("dana")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=dana")
    assert "dana@acme.test" in page.inner_text("main")


def test_chosen_colours_stay(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto("/settings/")
    page.get_by_label("Account of").click()
    page.get_by_label("Dark").check()
    page.reload()
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(15, 18, 22)"


def test_menu_works_without_javascript(site: Site, cast: Cast) -> None:
    page = site.context(cast.alice, width=360, has_scripts=False).new_page()
    page.goto("/settings/")
    page.get_by_label("Menu", exact=True).click()
    page.get_by_role("navigation", name="Main, in the menu").get_by_text("Settings").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Settings"
