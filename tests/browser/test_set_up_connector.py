"""Alice connects the sample server in Chromium, enables tools, tries one and looks at what Dana sees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from connectors.models import Connector, Profile, Tool
from tests.stage.cast import Cast
from tests.stage.site import Site
from tests.stage.visit import Visit, judge, visit

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("HARRIET_TEST_PICTURES", "")


def look(page: Page, name: str) -> None:
    """Judges what is shown now, in both widths and themes; keeps a picture when a folder is named."""
    seen = Visit(page.url)
    judge(page, seen)
    if PICTURES:
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
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
    page.wait_for_selector("text=tools changed")
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
    page.get_by_label("Sample server").check()
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
    page.wait_for_selector("text=Saved, and tried at once")
    page.goto(reverse("connectors:authentication", args=[connector.pk]))
    page.get_by_label("Secret", exact=True).fill("sk-mistyped-1234")
    page.get_by_role("button", name="Save and test").click()
    page.wait_for_selector("text=nothing was changed")
    look(page, "secret-refused")
    page.get_by_label("Secret", exact=True).fill("sk-for-later-1234")
    page.get_by_label("Switch without a working test").check()
    page.get_by_role("button", name="Save and test").click()
    page.get_by_role("button", name="Switch back to it").click()
    page.wait_for_selector("text=The secret before is in use again")
    look(page, "switched-back")
    assert page.get_by_text("It did not refuse the saved credential").count() == 1
