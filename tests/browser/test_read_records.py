"""Settings → Records in Chromium, for the owner, an auditor and the installation's operator."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from harriet.console.records.registry import all_records, record_of
from harriet.lib.records import INSTALLATION, Record
from harriet.people.models import User
from harriet.people.roles import Role
from tests.browser.test_walk_pages import walk
from tests.console.records import list_url, row_url, rows_in
from tests.stage.cast import Cast, person
from tests.stage.every_row import make_everything
from tests.stage.site import Site
from tests.stage.visit import look_at

pytestmark = pytest.mark.browser

WIDEST = ("connectors.Connector", "connectors.Tool", "approvals.PendingAction", "audit.Event", "people.AccessToken")
LONGEST = ("connectors.ToolVersion", "connectors.Profile", "connectors.SyncRun", "people.Notice", "vault.Credential")


def known(label: str) -> Record:
    record = record_of(label)
    assert record is not None
    return record


def one_of_each(cast: Cast, labels: tuple[str, ...]) -> list[str]:
    """A list and a row."""
    found = []
    for label in labels:
        row = rows_in(known(label), cast.acme).first()
        assert row is not None
        found += [list_url(known(label)), row_url(known(label), row)]
    return found


def test_records_of_a_busy_organization(site: Site, cast: Cast) -> None:
    make_everything(cast)
    walk(site.page(cast.alice), [reverse("admin:records"), *one_of_each(cast, WIDEST)])
    auditor = person(cast.acme, "Audrey", Role.AUDITOR)
    walk(site.page(auditor), [reverse("admin:records"), *one_of_each(cast, LONGEST)])


def test_records_of_an_empty_organization(site: Site, cast: Cast) -> None:
    walk(site.page(cast.charlie), [list_url(known(label)) for label in ("people.Device", "audit.Event")])


def test_the_installation_s_pages(site: Site, cast: Cast) -> None:
    make_everything(cast)
    olga = User.objects.create_superuser("olga@installation.test", "correct horse battery")
    own = [list_url(record) for record in all_records() if record.scope == INSTALLATION]
    walk(site.page(olga), [reverse("admin:installation"), reverse("admin:records"), own[0]])


def test_a_member_is_told_and_an_outsider_finds_nothing(site: Site, cast: Cast) -> None:
    make_everything(cast)
    device = rows_in(known("people.Device"), cast.acme).first()
    assert device is not None
    url = row_url(known("people.Device"), device)
    for user, status in ((cast.dana, 403), (cast.charlie, 404)):
        seen = look_at(site.page(user), url, expect=status)
        assert not seen.findings, str(seen)


def test_alice_finds_a_tool_by_keyboard_and_filters(site: Site, cast: Cast) -> None:
    make_everything(cast)
    page = site.page(cast.alice)
    page.goto(reverse("console:overview"))
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Records").press("Enter")
    page.get_by_role("link", name="Tools", exact=True).press("Enter")
    page.get_by_label("Begins with").fill("SEND")
    page.get_by_label("Begins with").press("Enter")
    page.get_by_role("table").get_by_role("link", name="send_mail").first.press("Enter")
    page.get_by_role("heading", name="send_mail", level=1).wait_for()
    page.get_by_role("link", name="Tool definitions").press("Enter")
    page.get_by_text("Tool: send_mail").wait_for()
    expect(page).to_have_url(re.compile(r"\?tool="))
    page.get_by_role("link", name="Tool: send_mail").press("Enter")
    expect(page).not_to_have_url(re.compile(r"\?tool="))
