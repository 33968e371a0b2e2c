"""Opening a page and judging it: status, console, content policy, axe-core, overflow, bytes, requests."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response, WebError

MOST_BYTES = 100_000
MOST_REQUESTS = 15
WIDTHS = (1440, 360)
ZOOMED = 720
"""A window of 1440 px at 200 % zoom: looked at for overflow alone."""
THEMES = ("light", "dark")
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"]
_EVERY_RULE = {"runOnly": {"type": "tag", "values": _TAGS}}
_OF_THE_PAGE = _EVERY_RULE | {"preload": {"assets": ["media"]}}
"""Without the style sheets themselves: what the rule that reads them says of them is the same in every width."""
_OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""What a theme can change the answer of: tests/pages/test_keep_themes_to_colours.py holds that there is no more."""
_AXE = Path("node_modules/axe-core/axe.min.js")
_JUDGE = """async (options) => {
  const found = await axe.run(document, {...options, resultTypes: ["violations"]});
  return found.violations.map((v) => `${v.id} (${v.impact}): ` + v.nodes.slice(0, 3).map((n) =>
    `${n.target.join(" ")} ${n.any.concat(n.all).map((c) => c.message).slice(0, 1).join("")}`).join(" | "));
}"""
_OVERFLOW = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return "";
  const edge = root.clientWidth + 1;
  const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > edge);
  const named = wide.slice(0, 4).map((e) => `${e.tagName}.${e.className}`);
  return `${root.scrollWidth} px in ${root.clientWidth}: ${named.join(", ")}`;
}"""


@dataclass
class Visit:
    """One opened page and everything that is wrong with it, in words."""

    path: str
    status: int = 0
    requests: int = 0
    size: int = 0
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.path} ({self.status}, {self.size} bytes, {self.requests} requests): " + "; ".join(self.findings)


@cache
def axe_source() -> str:
    named = os.environ.get("HARRIET_TEST_AXE")
    return Path(named or settings.BASE_DIR / _AXE).read_text()


def visit(page: Page, path: str, *, expect: int = 200) -> Visit:
    """Opens the page with an empty cache, judges it in both widths and both themes, and fails with all findings."""
    seen = look_at(page, path, expect=expect)
    assert not seen.findings, str(seen)
    return seen


def look_at(page: Page, path: str, *, expect: int = 200) -> Visit:
    seen = Visit(path)
    with _Watch(page, seen) as watch:
        response = page.goto(path, wait_until="load")
        watch.has_loaded = True
        _judge_answer(seen, response, expect)
        judge(page, seen)
    if seen.size > MOST_BYTES:
        seen.findings.append(f"{seen.size} bytes")
    if seen.requests > MOST_REQUESTS:
        seen.findings.append(f"{seen.requests} requests")
    return seen


def _judge_answer(seen: Visit, response: Response | None, expect: int) -> None:
    seen.status = response.status if response else 0
    if seen.status != expect:
        seen.findings.append(f"status {seen.status}")


def judge(page: Page, seen: Visit) -> None:
    """What the page shows now, in both widths and themes; and whether it fits when it is zoomed."""
    _fit(page, seen, ZOOMED)
    for width, rules in zip(WIDTHS, (_EVERY_RULE, _OF_THE_PAGE), strict=True):
        _fit(page, seen, width)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            found = _axe(page, rules if theme == THEMES[0] else _OF_COLOURS)
            seen.findings += [f"axe at {width} px, {theme}: {finding}" for finding in found]


def judge_as_shown(page: Page, seen: Visit, *, has_scripts: bool = True) -> None:
    """In the width and the theme that it has; axe needs scripts."""
    _judge_width(page, seen)
    if has_scripts:
        seen.findings += [f"axe: {finding}" for finding in _axe(page, _EVERY_RULE)]


def _fit(page: Page, seen: Visit, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740 if width < 640 else 900})
    _judge_width(page, seen)


def _judge_width(page: Page, seen: Visit) -> None:
    if wide := page.evaluate(_OVERFLOW):
        seen.findings.append(f"overflows: {wide}")


def _axe(page: Page, options: dict[str, Any]) -> list[str]:
    """The findings of some of axe's rules, as its options name them."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(axe_source())
    found: list[str] = page.evaluate(_JUDGE, options)
    return found


def listen(context: BrowserContext, findings: list[str]) -> None:
    """Whatever any page of the browser says in its console is a finding."""

    def said(message: ConsoleMessage) -> None:
        # Chromium says every 4xx in the console too; the status is judged by itself.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            findings.append(f"console: {message.text[:300]}")

    def failed(error: WebError) -> None:
        findings.append(f"script: {str(error.error)[:300]}")

    context.on("console", said)
    context.on("weberror", failed)


class _Watch:
    """Listens to console, page errors and the network while a page is open."""

    def __init__(self, page: Page, seen: Visit) -> None:
        self.page, self.seen = page, seen
        self.has_loaded = False
        self._requests: set[str] = set()
        self.network = page.context.new_cdp_session(page)

    def __enter__(self) -> _Watch:
        self.network.send("Network.enable")
        self.network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self.network.on("Network.requestWillBeSent", self._asked)
        self.network.on("Network.loadingFinished", self._loaded)
        self.page.on("console", self._said)
        self.page.on("pageerror", self._failed)
        return self

    def __exit__(self, *_: Any) -> None:
        self.page.remove_listener("console", self._said)
        self.page.remove_listener("pageerror", self._failed)
        self.network.detach()

    def _asked(self, event: dict[str, Any]) -> None:
        """What a page asks for later, to stay up to date, is more the longer it is looked at."""
        if not self.has_loaded:
            self._requests.add(str(event["requestId"]))

    def _loaded(self, event: dict[str, Any]) -> None:
        if str(event["requestId"]) not in self._requests:
            return
        self.seen.requests += 1
        self.seen.size += int(event.get("encodedDataLength", 0))

    def _said(self, message: ConsoleMessage) -> None:
        # Chromium says every 4xx in the console too; the status is judged by itself.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.seen.findings.append(f"console: {message.text[:300]}")

    def _failed(self, error: Exception) -> None:
        self.seen.findings.append(f"script: {json.dumps(str(error)[:300])}")
