"""The suite's client scenarios, but those about authorization, against `manage.py probe`: Harriet as a client."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.conftest import Command
from tests.conformance.report import note
from tests.conformance.suite import Row, run_client, table

SCENARIOS = {
    "2025-11-25": (
        *("initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"),
        "json-schema-2020-12-preservation",
    ),
    "2026-07-28": (
        *("tools_call", "request-metadata", "sep-2322-client-request-state"),
        *("http-standard-headers", "http-custom-headers", "http-invalid-tool-headers"),
        *("json-schema-ref-no-deref", "json-schema-2020-12-preservation"),
    ),
}
"""Everything about MCP itself in the sets of both revisions; authorization is in `test_pass_client_auth.py`."""


@pytest.mark.parametrize("revision", SCENARIOS)
def test_probe_passes_the_client_scenarios(manage: Command, revision: str, tmp_path: Path) -> None:
    command = manage("probe", "--exercise")
    rows: list[Row] = []
    verdicts: dict[str, int] = {}
    for scenario in SCENARIOS[revision]:
        folder = tmp_path / scenario
        folder.mkdir()
        found, verdict = run_client(command, revision, scenario, folder)
        verdicts[scenario] = verdict
        rows += found
    note(table(f"Client, {revision}, `manage.py probe`", rows))
    assert [(row.scenario, row.failures) for row in rows if row.failed] == []
    assert set(verdicts.values()) == {0}, verdicts
    assert all(row.passed for row in rows)
    assert len(rows) == len(SCENARIOS[revision])
