"""The audit page in Chromium: read, filter and follow one request to its proof, in both widths and themes."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from playwright.sync_api import expect

from audit.actor import Actor, Label
from audit.chain.sealing import seal_everything
from audit.events import CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from audit.record import insert
from audit.verification.verify import verify
from harriet.lib.ids import new_id
from tests.stage.cast import Cast
from tests.stage.events import any_event, forge
from tests.stage.site import Site, press
from tests.stage.visit import visit

pytestmark = pytest.mark.browser

ARABIC = "إدارة علاقات العملاء"
LONGEST = "Quarterly-forecast-reconciliation-and-variance-explanation-service-production"


def a_working_day(cast: Cast) -> None:
    dana, token = Label(cast.dana.pk, "Dana"), Actor("token", new_id(), "Dana’s laptop")
    for name in ("CRM", ARABIC, LONGEST):
        request_id = new_id()
        connector, tool = Label(new_id(), name), Label(new_id(), "search_customers")
        for code, words in (
            (CALL_INTENT, {"decision": "run", "reason": "Enabled for the group Sales."}),
            (CALL_OUTCOME, {"outcome": "ok", "milliseconds": 48.2}),
            (CALL_REFUSED, {"decision": "refuse", "reason": f"Not for {LONGEST}.", "tool_digest": "ab" * 32}),
        ):
            event = any_event(
                code,
                organization_id=cast.acme.pk,
                actor=token,
                person=dana,
                client="Claude Code\u202e 2.1",
                device=Label(new_id(), "Dana’s laptop"),
                connector=connector,
                tool=tool,
                request_id=request_id,
                **words,  # type: ignore[arg-type]
            )
            with transaction.atomic():
                insert(event)


def test_alice_reads_the_log(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    visit(page, "/settings/audit/")
    a_working_day(cast)
    seal_everything()
    assert verify(cast.acme.pk).is_sound
    visit(page, "/settings/audit/")
    page.get_by_label("Decision").select_option("refuse")
    press(page, "Filter")
    page.wait_for_url("**decision=refuse**")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator("tbody a").first.click()
    page.get_by_text("Unchanged and sealed").wait_for()
    visit(page, page.url)
    page.get_by_role("link", name="Show this request in the log").click()
    page.wait_for_url("**request=**")
    visit(page, page.url)
    visit(page, "/settings/audit/?person=nobody&outcome=timeout")
    page.goto("/settings/audit/")
    page.get_by_role("button", name="Verify now").click()
    page.get_by_text("Verification has started").wait_for()


def test_alice_exports_the_log_without_scripts(site: Site, cast: Cast) -> None:
    a_working_day(cast)
    page = site.context(cast.alice, has_scripts=False).new_page()
    page.goto("/settings/audit/?outcome=ok")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as JSONL").click()
    lines = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert len(lines) == 3
    assert all(json.loads(line["body"])["outcome"] == "ok" for line in lines)


def test_alice_is_told_of_rows_that_harriet_did_not_write(site: Site, cast: Cast) -> None:
    a_working_day(cast)
    seal_everything()
    forged = forge(cast.acme.pk)
    seal_everything()
    verify(cast.acme.pk)
    page = site.page(cast.alice)
    visit(page, "/settings/")
    expect(page.get_by_text("Its verification found faults")).to_be_visible()
    visit(page, "/settings/audit/")
    expect(page.get_by_text("1 row from elsewhere")).to_be_visible()
    expect(page.get_by_text("Not an event: this row was not written by Harriet")).to_be_visible()
    visit(page, f"/settings/audit/{forged}/")
    expect(page.get_by_role("alert").get_by_text("was not written by Harriet")).to_be_visible()


def test_the_log_is_printed_without_what_nobody_can_press(site: Site, cast: Cast) -> None:
    a_working_day(cast)
    page = site.page(cast.alice)
    page.goto("/settings/audit/?unfold=1")
    page.emulate_media(media="print")
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_role("form", name="Filters")).to_be_hidden()
    expect(page.get_by_role("navigation").first).to_be_hidden()
