"""Collects the tables that `make conformance` prints."""

from __future__ import annotations

import os
from pathlib import Path

REPORT = "HARRIET_CONFORMANCE_REPORT"


def note(table: str) -> None:
    path = os.environ.get(REPORT)
    if path:
        with Path(path).open("a") as file:
            file.write(table + "\n")
