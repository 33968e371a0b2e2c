"""An auditor in March: finds one call of thousands, keeps the question, and takes the evidence away."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import expect

from audit.chain.sealing import seal_everything
from audit.verification.verify import verify
from harriet.people.models import User
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.hands import WAYS, Hands, Way
from tests.stage.site import Site

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_an_auditor_in_march(site: Site, cast: Cast, way: Way) -> None:
    make_busy_company(cast)
    seal_everything()
    assert verify(cast.acme.pk).is_sound
    aiko = Hands(site, User.objects.get(name="Aiko Tanaka"), way)
    lands_on_the_log(aiko)
    finds_by_device_client_and_words(aiko)
    keeps_the_question(aiko)
    takes_it_along_as_a_table(aiko)
    prints_exact_times(aiko)
    follows_a_ticket(aiko)
    proves_one_call(aiko)
    changes_nothing(aiko)
    aiko.done()


def lands_on_the_log(aiko: Hands) -> None:
    aiko.open("/")
    assert aiko.page.url.endswith("/settings/audit/")
    aiko.sees("Chain verified up to seal", "Alice saved the secret of Quarterly-forecast")
    aiko.look()


def finds_by_device_client_and_words(aiko: Hands) -> None:
    aiko.unfold("More filters")
    aiko.write("Device", "Dana's laptop")
    aiko.write("Client, as it calls itself", "Claude Desktop")
    aiko.write("Words", "none of the groups")
    aiko.press("Filter")
    aiko.sees("Only words none of the groups, device Dana's laptop, client Claude Desktop")
    aiko.look()
    found = aiko.page.locator("tbody tr")
    assert found.count() > 3
    assert all("efused" in text for text in found.all_inner_texts())


def keeps_the_question(aiko: Hands) -> None:
    aiko.write("Save these filters as", "Refused on Dana's laptop")
    aiko.press("Save")
    aiko.go("Audit")
    aiko.sees("Saved filters (1)")
    aiko.follow("Refused on Dana's laptop")
    aiko.sees("Only words none of the groups, device Dana's laptop, client Claude Desktop")


def takes_it_along_as_a_table(aiko: Hands) -> None:
    shown = aiko.page.locator("tbody tr").count()
    with aiko.page.expect_download() as download:
        aiko.hit_link("Export as CSV")
    with download.value.path().open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= shown, "all that fits, not only this page"
    assert all("none of the groups" in str(row) for row in rows)


def prints_exact_times(aiko: Hands) -> None:
    aiko.page.emulate_media(media="print")
    exact = aiko.page.locator("tbody .exact").first
    expect(exact).to_be_visible()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", exact.inner_text())
    expect(aiko.page.get_by_role("button", name="Filter", exact=True)).to_be_hidden()
    aiko.page.emulate_media(media="screen")


def follows_a_ticket(aiko: Hands) -> None:
    aiko.go("Audit")
    aiko.unfold("More filters")
    aiko.write("Ticket", "#2")
    aiko.press("Filter")
    aiko.sees("send_mail")
    assert aiko.page.locator("tbody tr").count() == 1, "one call is one row"
    aiko.look()


def proves_one_call(aiko: Hands) -> None:
    aiko.follow_like("send_mail")
    aiko.sees("What is known", "Dana's laptop", "Claude Desktop", "Proof", "Unchanged and sealed", "The same request")
    aiko.look()
    aiko.follow("Show this request in the log")
    aiko.sees("Only what one request caused.")


def changes_nothing(aiko: Hands) -> None:
    """She reads what the company has set up, and no button of it is hers."""
    aiko.go("Integrations")
    aiko.sees("CRM")
    expect(aiko.page.locator("main").get_by_role("link", name="New connector")).to_have_count(0)
    aiko.look()
