"""The scripts of all pages share one scope: of two that declare the same name, the second does not run at all."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "static" / "harriet"


def test_no_name_is_declared_by_two_scripts() -> None:
    found = Counter(
        name
        for script in FOLDER.glob("*.js")
        for name in set(re.findall(r"^(?:let|const|class|function|async function)\s+(\w+)", script.read_text(), re.M))
    )
    assert found, "the scripts stand somewhere else"
    assert not [name for name, times in found.items() if times > 1]
