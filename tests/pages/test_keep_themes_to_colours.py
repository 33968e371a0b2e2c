"""Light and dark differ in colours alone: that is why the walk judges in dark only what colours can change."""

from __future__ import annotations

import re

from django.conf import settings

CHOOSES = re.compile(r':root\[data-theme="(?:light|dark)"\] \{ color-scheme: (?:light|dark); \}')
"""The two rules by which somebody's choice wins over their machine's. All else is the CSS function light-dark(), whose
two values can be nothing but colours (CSS Color 5)."""
KNOWS_THE_THEME = re.compile(r"prefers-color-scheme|data-theme(?![\w-])")


def test_no_style_asks_for_the_theme() -> None:
    styles = sorted((settings.BASE_DIR / "static/harriet").glob("*.css"))
    asked = {file.name: KNOWS_THE_THEME.findall(CHOOSES.sub("", file.read_text())) for file in styles}
    assert len(styles) > 1
    assert not any(asked.values()), f"{asked}: judge everything in both themes again, in tests/stage/visit.py"


def test_no_page_or_script_asks_for_the_machine_s_theme() -> None:
    files = [*(settings.BASE_DIR / "templates").rglob("*.html"), *(settings.BASE_DIR / "static/harriet").glob("*.js")]
    assert not [file.name for file in files if "prefers-color-scheme" in file.read_text()]
