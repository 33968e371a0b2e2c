"""Alice connects the sample server in Chromium, enables tools, tries one and looks at what Dana sees."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from connectors.models import Connector, Profile, Tool
from connectors.sample import sample_token
from tests.stage.cast import Cast
from tests.stage.site import Site, follow, press
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
    press(page, "Connect the sample server")
    page.wait_for_url("**/ready/")
    look(page, "ready")
    follow(page, "Choose tools")
    page.get_by_label("Tick all on this page").check()
    press(page, "Enable", exact=True)
    page.get_by_role("heading", level=1).wait_for()
    for box in page.locator("main form input[type=checkbox]").all():
        box.check()
    look(page, "tools-previewed")
    with page.expect_navigation():
        page.locator("button[value=ticked]").click()
    expect(page.locator("table.data").first).to_be_visible()
    look(page, "tools")
    connector, tool = Connector.objects.get(), Tool.objects.get(name="search_customers")
    assert Tool.objects.filter(is_enabled=True).count() == Tool.objects.count()
    visit(page, reverse("connectors:tool", args=[connector.pk, tool.pk]))
    look(page, "tool")
    follow(page, "Try it")
    look(page, "try")
    press(page, "Call search_customers")
    look(page, "tried")
    expect(page.locator("main")).to_contain_text("Verdict")
    page.goto(reverse("profiles:new"))
    page.get_by_label("Name", exact=True).fill("Work")
    page.get_by_label("Sales").check()
    page.get_by_role("checkbox", name="Sample server", exact=True).check()
    look(page, "profile-new")
    press(page, "Create profile")
    page.wait_for_selector("text=Its address is below")
    look(page, "profile")
    dana = cast.dana.memberships.get()
    visit(page, f"{reverse('profiles:preview', args=[Profile.objects.get().pk])}?person={dana.pk}")
    look(page, "preview")


def test_the_four_steps_by_hand(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto(reverse("connectors:new"))
    page.get_by_label("Name", exact=True).fill("CRM")
    press(page, "Save and continue")
    page.get_by_label("Address of the MCP server").fill(f"{site.url}/sample/mcp")
    press(page, "Save, test and continue")
    look(page, "wizard-connection-wrong")
    page.get_by_label("This server is inside our network").check()
    press(page, "Save, test and continue")
    page.wait_for_url("**/authentication/")
    look(page, "wizard-authentication")
    page.get_by_label("Secret", exact=False).first.fill("wrong")
    press(page, "Save and test")
    look(page, "wizard-authentication-wrong")
    follow(page, "Continue without a working test")
    page.get_by_label("Person", exact=True).first.select_option(label="Dana (dana@acme.test)")
    press(page, "Show what they will see")
    page.wait_for_selector("text=What Dana will see")
    look(page, "wizard-access")
    press(page, "Save and sync tools")
    page.wait_for_url("**/ready/")
    look(page, "ready-failed")


def test_another_address_and_another_secret(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    page.goto(reverse("connectors:new"))
    press(page, "Connect the sample server")
    page.wait_for_url("**/ready/")
    connector = Connector.objects.get()
    page.goto(reverse("connectors:settings", args=[connector.pk]))
    page.get_by_label("Address of the MCP server").fill(f"{connector.url}?team=other")
    press(page, "Save and test")
    page.get_by_role("heading", name="From where to where").wait_for()
    look(page, "moved")
    expect(page.locator("main")).to_contain_text(f"{connector.url}?team=other")
    press(page, "Keep the secret for the new address")
    page.wait_for_selector("text=The address is saved, and the server answers there")
    look(page, "settings-tested")
    page.goto(reverse("vault:list"))
    follow(page, "Rotate secret")
    secret = page.get_by_label("Secret", exact=True)
    secret.fill("sk-mistyped-1234")
    expect(secret).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(secret).to_have_attribute("type", "text")
    expect(page.get_by_label("User name")).to_be_hidden()
    expect(page.get_by_label("Template")).to_be_hidden()
    look(page, "rotate")
    press(page, "Rotate secret")
    page.wait_for_selector("text=nothing was changed")
    look(page, "secret-refused")
    page.get_by_label("Secret", exact=True).fill("sk-for-later-1234")
    page.get_by_label("Switch without a working test").check()
    press(page, "Rotate secret")
    page.wait_for_selector("text=untested, and the server does not work with it")
    look(page, "switched-untested")
    press(page, "Switch back to it")
    page.wait_for_selector("text=The secret before is in use again, and the server works with it")
    look(page, "switched-back")


def test_two_tabs_and_an_abandoned_one_never_mix(site: Site, cast: Cast) -> None:
    """Alice leaves a preset behind, goes back, opens a second tab, and presses a button twice."""
    context = site.context(cast.alice)
    page = context.new_page()
    page.goto(f"{reverse('connectors:new')}?preset=github")
    page.goto(reverse("connectors:new"))
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    page.go_back()
    page.get_by_label("Name", exact=True).fill("Our ERP")
    press(page, "Save and continue")
    page.wait_for_url("**/connection/")
    expect(page.get_by_label("Address of the MCP server")).to_have_value("")
    look(page, "wizard-connection-other-name")
    page.go_back()
    page.get_by_label("Name", exact=True).fill("Our ERP")
    press(page, "Save and continue")
    follow(page, "Resume Our ERP")
    page.wait_for_url("**/connection/")
    assert Connector.objects.count() == 1
    other = context.new_page()
    other.goto(f"{reverse('connectors:new')}?preset=stripe")
    press(other, "Save and continue")
    other.wait_for_url("**/connection/")
    page.reload()
    expect(page.get_by_label("Address of the MCP server")).to_have_value("")
    expect(other.get_by_label("Address of the MCP server")).to_have_value(re.compile(r"mcp\.stripe\.com"))
    page.goto(reverse("connectors:list"))
    look(page, "drafts")
    follow(page, "Discard Our ERP")
    look(page, "discard")
    press(page, "Discard the draft")
    page.wait_for_selector("text=The draft Our ERP was discarded")
    assert sorted(Connector.objects.values_list("name", flat=True))[-1] == "Stripe"


def test_without_scripts(site: Site, cast: Cast) -> None:
    page = site.context(cast.alice, has_scripts=False, width=360).new_page()
    page.goto(f"{reverse('connectors:new')}?find=pull")
    expect(page.get_by_role("link", name="Use GitHub")).to_be_visible()
    expect(page.get_by_role("link", name="Use Stripe")).to_have_count(0)
    follow(page, "Use GitHub")
    page.get_by_label("Name", exact=True).fill("CRM")
    press(page, "Save and continue")
    page.get_by_label("Address of the MCP server").fill(f' "{site.url}/sample/mcp" ')
    page.get_by_label("This server is inside our network").check()
    press(page, "Save, test and continue")
    expect(page.get_by_label("Template")).to_be_hidden()
    page.get_by_label("Secret", exact=True).fill(sample_token().reveal())
    press(page, "Save, test and continue")
    page.get_by_label("Make a new group").fill("Callers")
    page.get_by_label("Person", exact=True).first.select_option(label="Dana (dana@acme.test)")
    page.get_by_label("Everyone in the organization").check()
    press(page, "Show what they will see")
    for text in ("What Dana will see", "search_customers"):
        expect(page.locator("main")).to_contain_text(text, use_inner_text=True)
    keep(page, "wizard-access-preview-no-scripts")
    press(page, "Save and sync tools")
    expect(page.get_by_role("heading", level=1)).to_contain_text("is connected")
