"""Menus, the help, filters and details are judged opened, too; so is what the search finds while somebody types."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, expect

from connectors.models import Tool
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.hands import AT_A_DESK, Hands, Way
from tests.stage.site import Site

pytestmark = pytest.mark.browser
MOST = 8
"""Of one page; those after them are more of the same kinds."""


@pytest.mark.parametrize("way", [AT_A_DESK, Way(360, "dark")], ids=str)
def test_what_is_opened_has_no_finding_either(site: Site, cast: Cast, way: Way) -> None:
    make_busy_company(cast)
    alice = Hands(site, cast.alice, way)
    for path in paths():
        alice.open(path)
        folded = alice.page.locator("details:not([open]) > summary:visible")
        for number in range(min(folded.count(), MOST)):
            looks_at_opened(alice, folded.nth(number))
    alice.done()


def test_what_the_search_finds_while_one_types(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    alice = Hands(site, cast.alice, AT_A_DESK)
    alice.open(reverse("console:overview"))
    alice.page.keyboard.press("/")
    alice.page.keyboard.type("mail")
    expect(alice.page.locator(".top > .search [data-found] a").first).to_be_visible()
    alice.look()
    alice.done()


def paths() -> list[str]:
    changed = Tool.objects.get(connector__slug="tickets", name="add_note")
    return [
        reverse("connectors:list"),
        reverse("connectors:detail", args=[changed.connector_id]),
        reverse("connectors:tool", args=[changed.connector_id, changed.pk]),
        reverse("audit:list"),
        reverse("tickets:detail", args=[1]),
    ]


def looks_at_opened(alice: Hands, folded: Locator) -> None:
    """And closes it again, so that it covers nothing of the next one."""
    folded.click()
    alice.page.wait_for_load_state("networkidle")
    alice.look()
    alice.page.evaluate("for (const one of document.querySelectorAll('details[open]')) one.open = false")
