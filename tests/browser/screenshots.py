"""Writes the pictures in docs/screenshots/: the main pages, wide and narrow, light and dark; and whole, what a ticket
makes of a call in which everything is hostile.

python -m tests.browser.screenshots [folder [name …]]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from tests.conftest import SESSION, _announce

WIDTHS = (1440, 360)
THEMES = ("light", "dark")
HEIGHTS = {1440: 840, 360: 780}


def main(folder: Path, names: Collection[str] = ()) -> None:
    """All pictures, or those of the names."""
    import django

    django.setup()
    from tests import database

    database.ensure_template(SESSION)
    database.use_database(database.database_name())
    database.copy_template()
    _announce()
    folder.mkdir(parents=True, exist_ok=True)
    for path in shoot(folder, names):
        print(f"{path}: {path.stat().st_size // 1024} KB")
    database.close_connections()


def shoot(folder: Path, names: Collection[str] = ()) -> Iterator[Path]:
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import CHROMIUM, flags
    from tests.browser.hostile_calls import hold_call_of_strangers, hold_hostile_call
    from tests.stage.cast import make_cast
    from tests.stage.company import make_busy_company
    from tests.stage.site import Site, collect_static, serve

    collect_static()
    with sync_playwright() as playwright, serve(SESSION) as url:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*flags(), "--disable-lcd-text"])
        site = Site(url, browser)
        for name, path in pages_before():
            if not names or name in names:
                yield from look(site.page(), folder, name, path)
        cast = make_cast()
        make_busy_company(cast)
        hold_hostile_call(cast)
        for name, user, path in pages_of(cast):
            if not names or name in names:
                yield from look(site.page(user), folder, name, path)  # type: ignore[arg-type]
        if not names or "connected" in names:
            yield from connected(site.page(cast.dana), folder)
        number = hold_call_of_strangers(cast)
        if not names or "strangers" in names:
            yield from strangers(site.page(cast.bob), folder, number)


def look(page: Page, folder: Path, name: str, path: str) -> Iterator[Path]:
    page.goto(path, wait_until="load")
    yield from pictures(page, folder, name)
    page.context.close()


def connected(page: Page, folder: Path) -> Iterator[Path]:
    """The page with the steps, behind its form; the credential is left out of the picture."""
    page.goto("/me/connect/?client=claude-code&device=")
    page.get_by_label("Name of the new device").fill("Work laptop")
    page.get_by_role("button", name="Issue a credential and show the steps").click()
    page.get_by_text("Waiting for your first call").wait_for()
    page.evaluate(
        "for (const code of document.querySelectorAll('code'))"
        " code.textContent = code.textContent.replace(/hrt_dev_[\\w-]+/g, 'hrt_dev_…')"
    )
    yield from pictures(page, folder, "connected")
    page.context.close()


def strangers(page: Page, folder: Path, number: int) -> Iterator[Path]:
    """A ticket on which every name and every word is hostile, and the pages on which it is read, changed and listed."""
    ticket = f"/tickets/{number}/"
    page.goto(ticket, wait_until="load")
    yield from whole_pictures(page, folder, "strangers-ticket")
    page.goto(f"{ticket}edit/", wait_until="load")
    page.get_by_label("subject").first.fill("<h1>Invoice</h1> **of May**")
    page.get_by_label("Why").fill("<i>Too</i> \u202eloud\u202c")
    page.get_by_role("button", name="Show what differs").click()
    page.get_by_role("heading", name="What differs", exact=True).first.wait_for()
    yield from whole_pictures(page, folder, "strangers-changed")
    page.goto(f"{ticket}sent/arguments/", wait_until="load")
    yield from pictures(page, folder, "strangers-arguments", ("light",))
    page.goto("/tickets/", wait_until="load")
    yield from pictures(page, folder, "strangers-list", ("light",))
    page.context.close()


def whole_pictures(page: Page, folder: Path, name: str) -> Iterator[Path]:
    """All of the page, however far one would have to scroll."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": height})
        target = folder / f"{name}-{width}-light.png"
        page.screenshot(path=target)
        yield target


def pictures(page: Page, folder: Path, name: str, themes: Collection[str] = THEMES) -> Iterator[Path]:
    for width in WIDTHS:
        for theme in themes:
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            target = folder / f"{name}-{width}-{theme}.png"
            page.screenshot(path=target)
            yield target


def pages_before() -> Iterator[tuple[str, str]]:
    """Before anybody owns anything: the first page, and the one behind the set-up link."""
    from django.urls import reverse

    from audit.actor import SYSTEM
    from harriet.people.actions.make_setup_link import make_setup_link

    yield "not-set-up", "/"
    yield "set-up", reverse("people:setup", args=[make_setup_link(actor=SYSTEM).reveal()])


def pages_of(cast: object) -> Iterator[tuple[str, object, str]]:
    """Name of the picture, who looks, and at what."""
    from django.urls import reverse

    from approvals.models import Ticket
    from connectors.models import Connector, Tool
    from tests.stage.cast import Cast

    assert isinstance(cast, Cast)
    connector = Connector.objects.get(organization=cast.acme, slug="crm")
    changed = Tool.objects.get(organization=cast.acme, connector__slug="tickets", name="add_note")
    yield "overview", cast.alice, reverse("console:overview")
    yield "integrations", cast.alice, reverse("connectors:list")
    yield "connector", cast.alice, reverse("connectors:detail", args=[connector.pk])
    yield "tool-changed", cast.alice, reverse("connectors:tool", args=[changed.connector_id, changed.pk])
    yield "new-connector", cast.alice, reverse("connectors:new")
    yield "connector-ready", cast.alice, reverse("connectors:ready", args=[connector.pk])
    yield "people", cast.alice, reverse("people:list")
    yield "vault", cast.alice, reverse("vault:list")
    yield "audit", cast.alice, reverse("audit:list")
    yield "records", cast.alice, reverse("admin:records")
    yield "record-list", cast.alice, reverse("admin:connectors_tool_changelist")
    yield "record", cast.alice, reverse("admin:connectors_connector_change", args=[connector.pk])
    yield "tickets", cast.bob, reverse("tickets:list")
    yield "ticket", cast.bob, reverse("tickets:detail", args=[2])
    yield "ticket-hidden", cast.bob, reverse("tickets:detail", args=[Ticket.objects.latest("number").number])
    yield "my-ai", cast.dana, reverse("me:home")
    yield "my-tools", cast.dana, reverse("me:tools")
    yield "my-activity", cast.dana, reverse("me:activity")
    yield "waiting-for-me", cast.dana, reverse("me:waiting")
    yield "request-access", cast.dana, reverse("me:request")
    yield "connect-a-client", cast.dana, reverse("me:connect")
    yield "sign-in", None, reverse("account_login")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screenshots"), sys.argv[2:])
