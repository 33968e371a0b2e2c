"""The side panel, by keyboard alone: a row opens beside the list, Escape closes it, and the focus is where it was."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from harriet.people.models import Device
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.site import Site
from tests.stage.visit import look_at

pytestmark = pytest.mark.browser

LISTS = (
    *("/settings/integrations/", "/settings/profiles/", "/settings/people/", "/settings/groups/"),
    *("/tickets/", "/settings/devices/", "/settings/vault/"),
)


def test_alice_reads_rows_beside_their_list_by_keyboard_alone(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    page = site.context(cast.alice).new_page()
    for path in LISTS:
        page.goto(path)
        link = page.locator("a[data-panel]").first
        address = link.get_attribute("href")
        link.focus()
        page.keyboard.press("Enter")
        heading = page.locator("#panel [data-panel-title]")
        expect(heading).to_be_focused()
        expect(link).to_have_attribute("aria-expanded", "true")
        shown = page.locator("#panel").inner_text()  # it came whole, in one swap, before its heading had the focus
        assert shown.count("\n") > 3, f"{path} shows nothing of {address}"
        assert page.url.endswith(path), "the list stays where it is"
        page.keyboard.press("Escape")
        expect(page.locator("#panel")).to_be_hidden()
        expect(link).to_be_focused()


def test_the_panel_leads_to_its_page_and_closes_by_its_button(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    page = site.context(cast.alice).new_page()
    page.goto("/settings/people/")
    link = page.locator("a[data-panel]").nth(1)
    address = link.get_attribute("href")
    link.click()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#panel")).to_be_hidden()
    expect(link).to_be_focused()
    link.click()
    page.get_by_role("link", name="Open the page").click()
    page.wait_for_url(f"**{address}")
    expect(page.locator("h1")).to_have_count(1)


def test_what_is_gone_is_told_by_its_page(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    page = site.context(cast.alice).new_page()
    page.goto("/settings/devices/")
    Device.objects.filter(organization=cast.acme).delete()
    page.locator("a[data-panel]").first.click()
    page.wait_for_url("**/settings/devices/*-*/")
    expect(page.locator("main")).to_contain_text("There is no such device here.", use_inner_text=True)


def test_on_a_phone_and_without_scripts_it_is_a_link(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    for context in (site.context(cast.alice, width=360), site.context(cast.alice, has_scripts=False)):
        page = context.new_page()
        page.goto("/settings/integrations/")
        page.locator("a[data-panel]").first.click()
        page.wait_for_url("**/settings/integrations/*-*/")


def test_nothing_is_wrong_with_a_page_beside_which_a_panel_is_open(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    page = site.context(cast.alice).new_page()
    seen = look_at(page, "/settings/people/")
    assert not seen.findings, str(seen)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("a[data-panel]").first.click()
    expect(page.locator("#panel [data-panel-title]")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
