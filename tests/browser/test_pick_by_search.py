"""Pickers in the browser: a combobox by keyboard alone with scripts; without them a search with a list to tick."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from connectors.models import Profile
from harriet.people.models import Group, Membership, User
from tests.stage.cast import Cast
from tests.stage.site import Site, press


@pytest.fixture
def many(cast: Cast) -> None:
    Group.objects.bulk_create(
        Group(organization=cast.acme, slug=f"team-{number:03}", name=f"Team {number:03}") for number in range(306)
    )
    users = User.objects.bulk_create(User(email=f"p{number}@acme.test", name=f"Ada {number}") for number in range(60))
    Membership.objects.bulk_create(Membership(organization=cast.acme, user=user) for user in users)


def search(page: Page, words: str) -> None:
    """Types them, and waits until what they found is there, and what only their beginning found is gone."""
    sent = quote(words, safe="")
    with page.expect_response(re.compile(f"groups-q={sent}$".replace("%20", "(%20|\\+)"))):
        page.keyboard.type(words)
    page.wait_for_function("() => !document.querySelector('.htmx-request')")


def test_groups_are_picked_by_keyboard_alone(site: Site, cast: Cast, many: None) -> None:
    page = site.page(cast.alice)
    page.goto(reverse("profiles:new"))
    page.get_by_label("Name", exact=True).fill("Work")
    box = page.get_by_role("combobox", name="Search groups")
    box.focus()
    search(page, "team")
    listbox = page.get_by_role("listbox", name="Found groups")
    expect(listbox.get_by_role("option").last).to_have_text("20 of 306, show more")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(listbox.get_by_role("option").last).to_have_text("40 of 306, show more")
    expect(listbox.locator(".active")).to_contain_text("Team 020")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove Team 020")).to_be_visible()
    expect(listbox).to_be_hidden()
    search(page, "300 team")
    expect(listbox.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove Team 300")).to_be_visible()
    search(page, "sal")
    expect(listbox.get_by_role("option")).to_have_count(1)
    expect(listbox.get_by_role("option")).to_contain_text("Sales")
    page.keyboard.press("Escape")
    expect(listbox).to_be_hidden()
    page.keyboard.press("Escape")
    expect(box).to_have_value("")
    page.keyboard.press("Backspace")
    expect(page.get_by_role("button", name="Remove Team 300")).to_have_count(0)
    press(page, "Create profile")
    page.get_by_text("The profile Work was created").wait_for()
    assert [group.name for group in Profile.objects.get().groups.all()] == ["Team 020"]


def test_without_scripts_what_is_found_is_ticked(site: Site, cast: Cast, many: None) -> None:
    page = site.context(cast.alice, has_scripts=False).new_page()
    page.goto(reverse("profiles:new"))
    page.get_by_label("Name", exact=True).fill("Work")
    page.get_by_label("Search groups").fill("team 3")
    press(page, "Find groups")
    page.get_by_label("Team 301").check()
    page.get_by_label("Search people").fill("ada 17")
    press(page, "Find people")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Work")
    page.get_by_label("Ada 17").check()
    press(page, "Create profile")
    profile = Profile.objects.get()
    assert [group.name for group in profile.groups.all()] == ["Team 301"]
    assert {one.user.name for one in profile.people.all()} == {"Alice", "Ada 17"}, "whoever makes it is in it"
