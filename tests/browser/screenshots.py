"""Writes the pictures in docs/screenshots/: the main pages, wide and narrow, light and dark.

python -m tests.browser.screenshots [folder]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from tests.conftest import SESSION, _announce

WIDTHS = (1440, 360)
THEMES = ("light", "dark")
HEIGHTS = {1440: 840, 360: 780}


def main(folder: Path) -> None:
    import django

    django.setup()
    from tests import database

    database.ensure_template(SESSION)
    database.use_database(database.database_name())
    database.copy_template()
    _announce()
    folder.mkdir(parents=True, exist_ok=True)
    for path in shoot(folder):
        print(f"{path}: {path.stat().st_size // 1024} KB")
    database.close_connections()


def shoot(folder: Path) -> Iterator[Path]:
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import CHROMIUM, flags
    from tests.stage.cast import make_cast
    from tests.stage.company import make_busy_company
    from tests.stage.site import Site, collect_static, serve

    cast = make_cast()
    make_busy_company(cast)
    collect_static()
    with sync_playwright() as playwright, serve(SESSION) as url:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*flags(), "--disable-lcd-text"])
        site = Site(url, browser)
        for name, user, path in pages_of(cast):
            page = site.page(user)
            page.goto(path, wait_until="load")
            for width in WIDTHS:
                for theme in THEMES:
                    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
                    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                    target = folder / f"{name}-{width}-{theme}.png"
                    page.screenshot(path=target)
                    yield target
            page.context.close()


def pages_of(cast: object) -> Iterator[tuple[str, object, str]]:
    """Name of the picture, who looks, and at what."""
    from django.urls import reverse

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
    yield "people", cast.alice, reverse("people:list")
    yield "vault", cast.alice, reverse("vault:list")
    yield "audit", cast.alice, reverse("audit:list")
    yield "records", cast.alice, reverse("admin:records")
    yield "record-list", cast.alice, reverse("admin:connectors_tool_changelist")
    yield "record", cast.alice, reverse("admin:connectors_connector_change", args=[connector.pk])
    yield "ticket", cast.bob, reverse("tickets:detail", args=[2])
    yield "my-ai", cast.dana, reverse("me:home")
    yield "connect-a-client", cast.dana, reverse("me:connect")
    yield "sign-in", None, reverse("account_login")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screenshots"))
