"""The parts: what they escape, show and say."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from harriet.pages.relative_time import exact, relative

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def shown(template: str, **context: object) -> str:
    return Template(template).render(Context(context))


def test_text_from_elsewhere_is_escaped_and_visible() -> None:
    html = shown("{% visible text %}", text="<b>\u202egnp.exe")
    assert html == '<bdi class="visible">&lt;b&gt;⟨U+202E⟩gnp.exe</bdi>'


def test_json_is_set_out_and_its_hidden_characters_shown() -> None:
    html = shown("{% json_block raw %}", raw=b'{"to": "a\\u200bb", "<": 1}')
    assert "⟨U+200B⟩" in html
    assert "&quot;&lt;&quot;: 1" in html


def test_an_unknown_risk_is_said_to_be_unknown() -> None:
    assert "Unknown" in shown("{% risk_chip risk %}", risk="")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (-90, "1 minute ago"),
        (-7200, "2 hours ago"),
        (86400 * 3, "in 3 days"),
        (20, "in under a minute"),
    ],
)
def test_time_is_told_in_words(seconds: int, words: str) -> None:
    assert relative(NOW + timedelta(seconds=seconds), NOW) == words


def test_the_exact_time_names_its_zone() -> None:
    assert exact(NOW) == "20 November 2026, 12:00:00 UTC"


def test_the_pager_keeps_the_filters() -> None:
    request = RequestFactory().get("/", {"tool": "send", "cursor": "a"})
    html = shown("{% pager next %}", next="b c", request=request)
    assert 'href="?tool=send&amp;cursor=b+c"' in html


def test_each_landmark_says_which_it_is() -> None:
    """Whoever hears a page jumps from one to the next; several without a name sound alike."""
    nameless = [
        f"{path}: {tag}"
        for path in Path("templates").rglob("*.html")
        for tag in re.findall(r"<nav\b[^>]*>|<[^>]* role=\"(?:search|region)\"[^>]*>", path.read_text())
        if not re.search(r"aria-label(ledby)?=", tag)
    ]
    assert not nameless
