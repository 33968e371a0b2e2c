"""The official conformance suite, through Harriet: both revisions, in front of servers of both eras."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Arranged
from .report import note
from .suite import NOTHING_CHECKED, run_server, table

SCENARIOS = {"2025-11-25": 33, "2026-07-28": 50}


@pytest.mark.parametrize(
    ("revision", "upstream"), [("2025-11-25", "modern"), ("2026-07-28", "modern"), ("2025-11-25", "legacy")]
)
def test_the_suite_passes_through_harriet(revision: str, upstream: str, arranged: Arranged, tmp_path: Path) -> None:
    """Nothing is excused but the scenarios of extensions that Harriet does not offer. The later set asks for questions
    under the server's own keys, which a server of the earlier era doesn't have."""
    rows, verdict = run_server(getattr(arranged, upstream), revision, tmp_path)
    note(table(f"Server, {revision}, in front of a {upstream} server", rows))
    assert [(row.scenario, row.failures) for row in rows if row.failed and not row.reason] == []
    assert {row.scenario for row in rows if not row.passed and not row.reason} <= set(NOTHING_CHECKED)
    assert len(rows) == SCENARIOS[revision]
    assert verdict == 0
