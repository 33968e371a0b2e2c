"""A person at a browser of their own, before a Harriet that was started as anybody starts it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from time import monotonic

from playwright.sync_api import Browser, Page, expect

from tests.stage.site import PATIENCE
from tests.stage.visit import Visit, judge, listen, look_at

PASSWORD = "sunlight on the harbour wall"
PICTURES = os.environ.get("HARRIET_TEST_PICTURES", "")
SIZES = {360: 740, 1440: 900}


class Desk:
    """One browser. Whatever any of its pages says in the console is a finding."""

    def __init__(self, browser: Browser, url: str, *, width: int = 1440) -> None:
        self.width = width
        viewport = {"width": width, "height": SIZES[width]}
        self.context = browser.new_context(base_url=url, viewport=viewport, reduced_motion="reduce")  # type: ignore[arg-type]
        self.context.set_default_timeout(PATIENCE)
        self.findings: list[str] = []
        listen(self.context, self.findings)
        self.page: Page = self.context.new_page()
        self.visited: list[Visit] = []

    def open(self, path: str) -> None:
        """Opens a page by its address, with everything that can be judged about it."""
        self._keep(look_at(self.page, path), path)

    def look(self, name: str = "") -> None:
        """Judges what is shown now, such as the answer to a form."""
        seen = Visit(self.page.url)
        judge(self.page, seen)
        self._keep(seen, name or self.page.url)

    def fill(self, **fields: str) -> None:
        for label, text in fields.items():
            name = re.compile(rf"^{re.escape(label.replace('_', ' '))}(\s+optional)?$")
            self.page.get_by_label(name).fill(text)

    def press(self, button: str) -> None:
        """Presses and waits until the next page is there."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=button, exact=True).first.click()

    def follow(self, link: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=link, exact=True).first.click()

    def tick(self, *labels: str) -> None:
        for label in labels:
            self.page.get_by_label(label, exact=True).check()

    @property
    def text(self) -> str:
        return self.page.inner_text("main")

    def sees(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(text, use_inner_text=True)

    def finds(self, pattern: str) -> None:
        """What is written after the answer has left may be on the page a moment later."""
        end = monotonic() + PATIENCE / 1000
        while not re.search(pattern, self.text):
            assert monotonic() < end, self.text
            self.page.reload()

    def done(self) -> None:
        """Nothing was wrong with any page."""
        self.context.close()
        assert not self.findings, "\n".join(self.findings)

    def _keep(self, seen: Visit, name: str) -> None:
        self.visited.append(seen)
        self.findings += [f"{seen.path}: {finding}" for finding in seen.findings]
        if PICTURES:
            self._picture(name)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": self.width, "height": SIZES[self.width]})

    def _picture(self, name: str) -> None:
        stem = "-".join(part for part in name.split("?")[0].split("//")[-1].split("/") if part)[-60:]
        self.page.emulate_media(color_scheme="light")
        for width, height in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            path = Path(PICTURES) / f"{len(self.visited):02}-{stem}-{width}.png"
            self.page.screenshot(path=path, full_page=True)
