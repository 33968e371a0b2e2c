"""Ticking rows and changing them together, in the browser: what is ticked is counted, and kept when one goes back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from connectors.models import Connector
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.site import Site

pytestmark = pytest.mark.browser


def test_alice_pauses_some_connectors(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    page = site.context(cast.alice).new_page()
    page.goto("/settings/integrations/")
    boxes = page.locator("tbody input[type=checkbox]")
    for number in range(3):
        boxes.nth(number).check()
    said = page.locator("[data-bulk-count]")
    expect(said).to_have_text("3 selected")
    page.get_by_role("checkbox", name="Tick all on this page").check()
    expect(said).to_have_text(re.compile(r"^6 selected$"))
    page.get_by_role("checkbox", name="Tick all on this page").uncheck()
    boxes.first.check()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("1 connector will be paused.")).to_be_visible()
    page.get_by_role("link", name="Back, change nothing").click()
    expect(said).to_have_text("1 selected")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Pause 1 connector").click()
    expect(page.get_by_text("1 connector was paused: CRM.")).to_be_visible()
    assert Connector.objects.get(organization=cast.acme, slug="crm").state == "paused"


def test_an_open_list_takes_what_is_new_and_keeps_what_is_ticked(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    page = site.context(cast.alice).new_page()
    page.goto("/settings/integrations/")
    look = "window.htmx.trigger(document.getElementById('live'), 'look')"
    Connector.objects.filter(organization=cast.acme, slug="crm").update(name="Customers")
    page.evaluate(look)
    expect(page.get_by_role("link", name="Customers")).to_be_visible()
    page.locator("tbody input[type=checkbox]").first.check()
    expect(page.locator("[data-bulk-count]")).to_have_text("1 selected")
    Connector.objects.filter(organization=cast.acme, slug="crm").update(name="Clients")
    page.evaluate(look)
    expect(page.get_by_text("There is news for this page.")).to_be_visible()
    expect(page.locator("[data-bulk-count]")).to_have_text("1 selected")


def test_on_a_phone_the_changes_appear_with_the_first_tick(site: Site, cast: Cast) -> None:
    page = site.context(cast.alice, width=360).new_page()
    page.goto("/settings/people/")
    bar = page.get_by_role("group", name="Change the ticked people")
    expect(bar).to_be_hidden()
    page.get_by_role("checkbox", name="Bob").check()
    expect(bar).to_contain_text("1 selected")
    plain = site.context(cast.alice, width=360, has_scripts=False).new_page()
    plain.goto("/settings/people/")
    expect(plain.get_by_role("group", name="Change the ticked people")).to_be_visible()
