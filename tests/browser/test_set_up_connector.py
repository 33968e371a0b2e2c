"""Alice connects the sample server in Chromium, enables tools, tries one and looks at what Dana sees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from connectors.models import Connector, Profile, Tool
from connectors.sample import sample_token
from tests.stage.cast import Cast
from tests.stage.site import Site
from tests.stage.visit import THEMES, Visit, judge, visit

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("HARRIET_TEST_PICTURES", "")


def keep(page: Page, name: str) -> None:
    """A picture in both widths and themes, when a folder is named."""
    for width in (360, 1440) if PICTURES else ():
        page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{theme}.png", full_page=True)


def look(page: Page, name: str) -> None:
    """Judges what is shown now, in both widths and themes; keeps pictures."""
    seen = Visit(page.url)
    judge(page, seen)
    keep(page, name)
    page.set_viewport_size({"width": 1440, "height": 900})
    assert not seen.findings, str(seen)


def test_from_the_catalogue_to_a_first_try(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    visit(page, reverse("connectors:new"))
    look(page, "wizard-basics")
    page.get_by_role("button", name="Connect the sample server").click()
    page.wait_for_url("**/ready/")
    look(page, "ready")
    page.get_by_role("link", name="Choose tools").click()
    page.get_by_label("Tick all on this page").check()
    page.get_by_role("button", name="Enable", exact=True).first.click()
    page.get_by_role("heading", level=1).wait_for()
    for box in page.locator("main form input[type=checkbox]").all():
        box.check()
    look(page, "tools-previewed")
    page.locator("button[value=ticked]").click()
    page.wait_for_selector("table.data")
    look(page, "tools")
    connector, tool = Connector.objects.get(), Tool.objects.get(name="search_customers")
    assert Tool.objects.filter(is_enabled=True).count() == Tool.objects.count()
    visit(page, reverse("connectors:tool", args=[connector.pk, tool.pk]))
    look(page, "tool")
    page.get_by_role("link", name="Try it").click()
    look(page, "try")
    page.get_by_role("button", name="Call search_customers").click()
    look(page, "tried")
    assert "Verdict" in page.inner_text("main")
    page.goto(reverse("profiles:new"))
    page.get_by_label("Name", exact=True).fill("Work")
    page.get_by_label("Sales").check()
    page.get_by_role("checkbox", name="Sample server", exact=True).check()
    look(page, "profile-new")
    page.get_by_role("button", name="Create profile").click()
    page.wait_for_selector("text=Its address is below")
    look(page, "profile")
    dana = cast.dana.memberships.get()
    visit(page, f"{reverse('profiles:preview', args=[Profile.objects.get().pk])}?person={dana.pk}")
    look(page, "preview")


def test_the_four_steps_by_hand(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto(reverse("connectors:new"))
    page.get_by_label("Name", exact=True).fill("CRM")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_label("Address of the MCP server").fill(f"{site.url}/sample/mcp")
    page.get_by_role("button", name="Save, test and continue").click()
    look(page, "wizard-connection-wrong")
    page.get_by_label("This server is inside our network").check()
    page.get_by_role("button", name="Save, test and continue").click()
    page.wait_for_url("**/authentication/")
    look(page, "wizard-authentication")
    page.get_by_label("Secret", exact=False).first.fill("wrong")
    page.get_by_role("button", name="Save and test").click()
    look(page, "wizard-authentication-wrong")
    page.get_by_role("link", name="Continue without a working test").click()
    page.get_by_label("Person", exact=True).first.select_option(label="Dana (dana@acme.test)")
    page.get_by_role("button", name="Show what they will see").click()
    page.wait_for_selector("text=What Dana will see")
    look(page, "wizard-access")
    page.get_by_role("button", name="Save and sync tools").click()
    page.wait_for_url("**/ready/")
    look(page, "ready-failed")


def test_another_address_and_another_secret(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto(reverse("connectors:new"))
    page.get_by_role("button", name="Connect the sample server").click()
    page.wait_for_url("**/ready/")
    connector = Connector.objects.get()
    page.goto(reverse("connectors:settings", args=[connector.pk]))
    page.get_by_label("Address of the MCP server").fill(f"{connector.url}?team=other")
    page.get_by_role("button", name="Save and test").click()
    page.get_by_role("heading", name="From where to where").wait_for()
    look(page, "moved")
    assert f"{connector.url}?team=other" in page.inner_text("main")
    page.get_by_role("button", name="Keep the secret for the new address").click()
    page.wait_for_selector("text=The address is saved, and the server answers there")
    look(page, "settings-tested")
    page.goto(reverse("vault:list"))
    page.get_by_role("link", name="Rotate secret").click()
    secret = page.get_by_label("Secret", exact=True)
    secret.fill("sk-mistyped-1234")
    assert secret.get_attribute("type") == "password"
    page.get_by_role("button", name="Show", exact=True).click()
    assert secret.get_attribute("type") == "text"
    expect(page.get_by_label("User name")).to_be_hidden()
    expect(page.get_by_label("Template")).to_be_hidden()
    look(page, "rotate")
    page.get_by_role("button", name="Rotate secret").click()
    page.wait_for_selector("text=nothing was changed")
    look(page, "secret-refused")
    page.get_by_label("Secret", exact=True).fill("sk-for-later-1234")
    page.get_by_label("Switch without a working test").check()
    page.get_by_role("button", name="Rotate secret").click()
    page.wait_for_selector("text=untested, and the server does not work with it")
    look(page, "switched-untested")
    page.get_by_role("button", name="Switch back to it").click()
    page.wait_for_selector("text=The secret before is in use again, and the server works with it")
    look(page, "switched-back")


def test_two_tabs_and_an_abandoned_one_never_mix(site: Site, cast: Cast) -> None:
    """Alice leaves a preset behind, goes back, opens a second tab, and presses a button twice."""
    context = site.context(cast.alice)
    page = context.new_page()
    page.goto(f"{reverse('connectors:new')}?preset=github")
    page.goto(reverse("connectors:new"))
    assert page.get_by_label("Name", exact=True).input_value() == ""
    page.go_back()
    page.get_by_label("Name", exact=True).fill("Our ERP")
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**/connection/")
    assert page.get_by_label("Address of the MCP server").input_value() == ""
    look(page, "wizard-connection-other-name")
    page.go_back()
    page.get_by_label("Name", exact=True).fill("Our ERP")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("link", name="Resume Our ERP").click()
    page.wait_for_url("**/connection/")
    assert Connector.objects.count() == 1
    other = context.new_page()
    other.goto(f"{reverse('connectors:new')}?preset=stripe")
    other.get_by_role("button", name="Save and continue").click()
    other.wait_for_url("**/connection/")
    page.reload()
    assert page.get_by_label("Address of the MCP server").input_value() == ""
    assert "mcp.stripe.com" in other.get_by_label("Address of the MCP server").input_value()
    page.goto(reverse("connectors:list"))
    look(page, "drafts")
    page.get_by_role("link", name="Discard Our ERP").first.click()
    look(page, "discard")
    page.get_by_role("button", name="Discard the draft").click()
    page.wait_for_selector("text=The draft Our ERP was discarded")
    assert sorted(Connector.objects.values_list("name", flat=True))[-1] == "Stripe"


def test_without_scripts(site: Site, cast: Cast) -> None:
    page = site.context(cast.alice, has_scripts=False, width=360).new_page()
    page.goto(f"{reverse('connectors:new')}?find=pull")
    assert page.get_by_role("link", name="Use Stripe").count() == 0
    page.get_by_role("link", name="Use GitHub").click()
    page.get_by_label("Name", exact=True).fill("CRM")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_label("Address of the MCP server").fill(f' "{site.url}/sample/mcp" ')
    page.get_by_label("This server is inside our network").check()
    page.get_by_role("button", name="Save, test and continue").click()
    expect(page.get_by_label("Template")).to_be_hidden()
    page.get_by_label("Secret", exact=True).fill(sample_token().reveal())
    page.get_by_role("button", name="Save, test and continue").click()
    page.get_by_label("Make a new group").fill("Callers")
    page.get_by_label("Person", exact=True).first.select_option(label="Dana (dana@acme.test)")
    page.get_by_label("Everyone in the organization").check()
    page.get_by_role("button", name="Show what they will see").click()
    assert "What Dana will see" in page.inner_text("main") and "search_customers" in page.inner_text("main")
    keep(page, "wizard-access-preview-no-scripts")
    page.get_by_role("button", name="Save and sync tools").click()
    assert "is connected" in page.inner_text("h1")
