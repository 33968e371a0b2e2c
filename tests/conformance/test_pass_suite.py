"""The official conformance suite, through Harriet: both revisions, in front of servers of both eras."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.conftest import Arranged
from tests.conformance.report import note
from tests.conformance.suite import NOTHING_CHECKED, run_server, table

SCENARIOS = {"2025-11-25": 33, "2026-07-28": 50}


@pytest.mark.parametrize(
    ("revision", "upstream"), [("2025-11-25", "modern"), ("2026-07-28", "modern"), ("2025-11-25", "legacy")]
)
def test_the_suite_passes_through_harriet(revision: str, upstream: str, arranged: Arranged, tmp_path: Path) -> None:
    """Nothing is excused but the scenarios of extensions that Harriet does not offer. The later set asks for questions
    under the server's own keys, which a server of the earlier era doesn't have."""
    rows, verdict = run_server(arranged.proxies[upstream], revision, tmp_path)
    note(table(f"Server, {revision}, in front of a {upstream} server", rows))
    assert [(row.scenario, row.failures) for row in rows if row.failed and not row.reason] == []
    nothing_checked = set(NOTHING_CHECKED) if upstream == "modern" else set()
    assert {row.scenario for row in rows if not row.passed and not row.reason} <= nothing_checked
    assert len(rows) == SCENARIOS[revision]
    assert verdict == 0


@pytest.mark.parametrize("upstream", ["python", "typescript"])
def test_a_server_of_both_eras_gives_what_it_gives_directly(upstream: str, arranged: Arranged, tmp_path: Path) -> None:
    """Check by check, to clients of 2025-11-25: its tools ask in their way alone."""
    (tmp_path / "direct").mkdir()
    (tmp_path / "harriet").mkdir()
    direct, _ = run_server(arranged.servers[upstream], "2025-11-25", tmp_path / "direct")
    through, verdict = run_server(arranged.proxies[upstream], "2025-11-25", tmp_path / "harriet")
    note(table(f"Server, 2025-11-25, in front of a server of both eras ({upstream})", through))
    assert [row.scenario for row in through] == [row.scenario for row in direct]
    # At least: a check of what is optional, which the suite leaves out when the server is slow, may pass through alone.
    assert [(row.scenario, row.passed) for row in through] == [
        (row.scenario, max(row.passed, itself.passed)) for row, itself in zip(through, direct, strict=True)
    ]
    assert [row.failures for row in through] == [row.failures for row in direct]
    assert verdict == 0
