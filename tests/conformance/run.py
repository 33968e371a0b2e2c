"""`make conformance`: the official suite through Harriet, and its client scenarios against `manage.py probe`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.conformance.report import REPORT

SUITES = tuple(
    f"tests/conformance/test_pass_{part}.py"
    for part in ("suite", "tasks", "client_suite", "client_auth", "authorization_suite")
)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="harriet conformance ") as folder:
        report = Path(folder) / "report.md"
        os.environ[REPORT] = str(report)
        ended = pytest.main([*SUITES, "-q", "-p", "no:cacheprovider"])
        print(report.read_text() if report.exists() else "")
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
