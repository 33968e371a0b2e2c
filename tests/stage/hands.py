"""How a person handles the pages: by mouse, or by keyboard alone: then nothing is clicked or focused from outside.

By keyboard, whatever is meant is reached by Tab, is seen to have the focus, and is pressed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from harriet.people.models import User
from tests.stage.site import Site
from tests.stage.visit import Visit, judge_as_shown, listen

MOST_TABS = 600
MOST_TYPINGS = 5
PAUSE_IN_TYPING = 1500
"""Milliseconds after which a list takes the next letter for the beginning of another word: on a busy machine that may
happen within a word, too."""
_STEPS = """target => {
  const some = "a[href], button, input, select, textarea, summary, [tabindex]";
  const all = [...document.querySelectorAll(some)].filter((e) =>
    e.tabIndex >= 0 && !e.disabled && e.type !== "hidden" && e.checkVisibility({visibilityProperty: true}));
  const to = all.indexOf(target), here = document.activeElement, at = all.indexOf(here);
  if (to < 0) return null;
  if (at >= 0) return to - at;
  const before = all.filter((e) => here.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_PRECEDING).length;
  return to < before ? to - before : to - before + 1;
}"""
"""How many stops are between what has the focus and the target; radio buttons of one group are one stop less each."""
_IS_SEEN = """e => {
  const box = e.getBoundingClientRect(), style = getComputedStyle(e);
  return box.bottom > 0 && box.top < innerHeight && style.outlineStyle !== "none" && style.outlineWidth !== "0px";
}"""


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody meets the pages."""

    width: int = 1440
    theme: str = "light"
    by_keyboard: bool = False
    has_scripts: bool = True

    def __str__(self) -> str:
        by = "keyboard" if self.by_keyboard else "mouse"
        return f"{self.width}-{self.theme}-{by}{'' if self.has_scripts else '-no-scripts'}"


AT_A_DESK = Way()
BY_KEYBOARD = Way(360, "dark", by_keyboard=True)
WITHOUT_SCRIPTS = Way(has_scripts=False)
WAYS = (AT_A_DESK, BY_KEYBOARD, WITHOUT_SCRIPTS)


class Hands:
    """A browser of somebody's own; keeps whatever is wrong with a page that was looked at, or said in the console."""

    def __init__(self, site: Site, user: User | None, way: Way) -> None:
        self.way = way
        self.context = site.context(user, width=way.width, theme=way.theme, has_scripts=way.has_scripts)
        self.findings: list[str] = []
        listen(self.context, self.findings)
        self.page: Page = self.context.new_page()

    def open(self, path: str) -> None:
        """By its address, as a bookmark or a mail leads there."""
        answer = self.page.goto(path, wait_until="load")
        assert answer and answer.ok, f"{path}: {answer and answer.status}"

    def refused(self, path: str) -> None:
        """What the address led to is gone."""
        answer = self.page.goto(path)
        assert answer and answer.status == 404, f"{path}: {answer and answer.status}"

    def look(self) -> None:
        """Judges what is shown now, as it is shown."""
        seen = Visit(self.page.url)
        judge_as_shown(self.page, seen, has_scripts=self.way.has_scripts)
        self.findings += [f"{seen.path}: {finding}" for finding in seen.findings]

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text, use_inner_text=True)

    def sees_no(self, text: str) -> None:
        expect(self.page.locator("main")).not_to_contain_text(text, use_inner_text=True)

    def press(self, name: str, within: str = "main") -> None:
        """A button that leads to another page."""
        self._go(self.page.locator(within).get_by_role("button", name=name, exact=True).first)

    def press_like(self, pattern: str, within: str = "main") -> None:
        self._go(self.page.locator(within).get_by_role("button", name=re.compile(pattern)).first)

    def follow(self, name: str, within: str = "main") -> None:
        self._go(self.page.locator(within).get_by_role("link", name=name, exact=True).first)

    def follow_like(self, pattern: str, within: str = "main") -> None:
        self._go(self.page.locator(within).get_by_role("link", name=re.compile(pattern)).first)

    def go(self, section: str) -> None:
        """A section of the menu: at the side, or on a phone behind its button."""
        if self.way.width < 768:
            self._hit(self.page.get_by_label("Menu", exact=True), "Enter")
        self._go(
            self.page.get_by_role("link", name=re.compile(rf"^{section}( \d+ waiting)?$")).locator("visible=true").first
        )

    def sort_by(self, column: str) -> None:
        """By the head of the column; where a table is shown as cards, by its menu."""
        if self.way.width < 640:
            self.unfold("Sort")
            self.follow_like(rf"^{column}", ".sorts")
        else:
            self.follow(column, "thead")

    def first_row(self) -> str:
        return self.page.locator("main tbody tr").first.locator("a").first.inner_text().strip()

    def open_row(self, name: str) -> None:
        """The page behind a row: on wide screens it opens at the side first."""
        link = self.page.locator("main tbody").get_by_role("link", name=name).first
        if self.way.has_scripts and self.way.width >= 1200:
            self._hit(link, "Enter")
            self.follow("Open the page", "#panel")
        else:
            self._go(link)

    def hit_link(self, name: str) -> None:
        """One that leads to no page, such as a download."""
        self._hit(self.page.locator("main").get_by_role("link", name=name, exact=True).first, "Enter")

    def value_of(self, label: str) -> str:
        return self.page.locator("main").get_by_label(label).first.input_value()

    def unfold(self, summary: str, within: str = "main") -> None:
        self._hit(self.page.locator(within).locator("summary", has_text=summary).first, "Enter")

    def tick(self, *labels: str) -> None:
        for label in labels:
            box = self.page.locator("main").get_by_role("checkbox", name=label).first
            self._hit(box, "Space")
            expect(box).to_be_checked()

    def write(self, label: str, text: str, within: str = "main") -> None:
        field = self.page.locator(within).get_by_label(re.compile(rf"^\s*{re.escape(label)}(\s+optional)?\s*$")).first
        if not self.way.by_keyboard:
            field.fill(text)
            return
        self.reach(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, label: str, option: str) -> None:
        field = self.page.locator("main").get_by_role("combobox", name=label).first
        if not self.way.by_keyboard:
            field.select_option(label=option)
            return
        self.reach(field)
        for _ in range(MOST_TYPINGS):
            self.page.keyboard.type(option)
            if field.evaluate("e => e.selectedOptions[0].label") == option:
                return
            self.page.wait_for_timeout(PAUSE_IN_TYPING)
        raise AssertionError(f"{option} can't be chosen by typing")

    def reach(self, target: Locator) -> None:
        """Tab after Tab, forwards or back, until the target has the focus, and shows that it has."""
        target.wait_for()
        pressed = 0
        while steps := target.evaluate(_STEPS):
            for _ in range(max(1, abs(steps) // 2)):
                self.page.keyboard.press("Tab" if steps > 0 else "Shift+Tab")
                pressed += 1
            assert pressed < MOST_TABS, f"{target} is out of reach"
        assert steps == 0, f"{target} can't have the focus"
        assert target.evaluate(_IS_SEEN), f"nobody sees that {target} has the focus"

    def done(self) -> None:
        """Nothing was wrong with any page."""
        self.context.close()
        assert not self.findings, "\n".join(self.findings)

    def _go(self, target: Locator) -> None:
        with self.page.expect_navigation():
            self._hit(target, "Enter")

    def _hit(self, target: Locator, key: str) -> None:
        if not self.way.by_keyboard:
            target.click()
            return
        self.reach(target)
        self.page.keyboard.press(key)
