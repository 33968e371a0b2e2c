"""Runs the official conformance suite and reads what it found."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.clients.node import MODULES, node

SUITE = MODULES / "@modelcontextprotocol/conformance/dist/index.js"
REVISIONS = ("2025-11-25", "2026-07-28")
NOT_OFFERED = {
    "tasks-": "This fixture has no lasting tools; Harriet's tasks are calls that wait for a person.",
}
"""Extensions alone, by the beginning of their scenarios' names; each with the reason."""
NOTHING_CHECKED = {
    "server-sse-polling": "Optional: a server of 2026-07-28 has no stream to go on with, so its calls give none.",
}
"""Scenarios that look only at what is optional and find it absent: neither passed nor failed."""
PATIENCE = 600


@dataclass(frozen=True)
class Row:
    scenario: str
    passed: int
    failed: int
    failures: tuple[str, ...]
    warnings: tuple[str, ...]
    asides: tuple[str, ...]
    """What the suite says of parts that it did not check."""
    is_served: bool = False
    """The server has what the scenario is about, though it is an extension."""

    @property
    def remark(self) -> str:
        own = self.reason or NOTHING_CHECKED.get(self.scenario, "")
        told = " ".join((*self.failures, *self.warnings)) if not self.reason else ""
        return " ".join(" ".join(filter(None, (own, told, *self.asides))).split()).replace("|", "\\|")

    @property
    def reason(self) -> str:
        """Why this scenario is not for us; empty when it is."""
        if self.is_served:
            return ""
        return next((why for start, why in NOT_OFFERED.items() if self.scenario.startswith(start)), "")


Ran = tuple[list[Row], int]
"""What was found, and the suite's own verdict: its exit code."""


def run_server(url: str, revision: str, folder: Path) -> Ran:
    return _run(folder, "server", "--url", url, "--requirements", revision)


_MODERN = ("--spec-version", "2026-07-28", "--force")
"""Extensions are of no revision."""


def run_extension(url: str, scenario: str, folder: Path) -> list[Row]:
    """One scenario of 2026-07-28, in front of a server that has what it is about."""
    rows, _ = _run(folder, "server", "--url", url, "--scenario", scenario, *_MODERN)
    return [replace(row, is_served=True) for row in rows]


def run_client(command: str, revision: str, scenario: str, folder: Path) -> Ran:
    """Extensions are of no revision."""
    version = ("--spec-version", revision) if revision else ()
    patience = ("--timeout", "120000")  # milliseconds: a machine that is busy is no failure
    return _run(folder, "client", "--command", command, "--scenario", scenario, *version, *patience)


def client_scenarios(beginning: str) -> list[str]:
    """All that the suite knows whose names begin so, without that."""
    done = subprocess.run(
        [node(), str(SUITE), "list", "--client"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return [
        one.removeprefix(beginning)
        for one in re.findall(r"^\s*-?\s*(\S+)", done.stdout, re.M)
        if one.startswith(beginning)
    ]


def _run(folder: Path, *arguments: str) -> Ran:
    environment = {**os.environ, "PATH": f"{Path(node()).parent}:{os.environ['PATH']}"}
    command = [node(), str(SUITE), *arguments, "-o", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    (folder / "suite.log").write_text(done.stdout + done.stderr)
    rows = rows_in(folder)
    assert rows, done.stdout[-2000:] + done.stderr[-2000:]
    return rows, done.returncode


def rows_in(folder: Path) -> list[Row]:
    """What the suite wrote there, in the order in which it ran."""
    return [_row(path) for path in sorted(folder.glob("**/checks.json"), key=lambda path: path.stat().st_mtime_ns)]


def _row(path: Path) -> Row:
    """The suite names a folder after what it ran, the scenario and the time."""
    checks = json.loads(path.read_text())
    scenario = re.sub(r"^(server|client|authorization)-|-\d{4}-\d\d-\d\dT.*$", "", path.parent.name)
    found = Counter(check["status"] for check in checks)
    asides = [str((check.get("details") or {}).get("message", "")) for check in checks if check["status"] == "INFO"]
    return Row(
        scenario,
        found["SUCCESS"],
        found["FAILURE"],
        failures=_told(checks, "FAILURE"),
        warnings=_told(checks, "WARNING"),
        asides=tuple(f"The suite: {aside}." for aside in asides if aside),
    )


def _told(checks: list[dict[str, Any]], status: str) -> tuple[str, ...]:
    return tuple(f"{check['id']}: {check.get('errorMessage', '')}" for check in checks if check["status"] == status)


def table(title: str, rows: list[Row]) -> str:
    lines = [f"### {title}", "", "| scenario | passed | failed | remark |", "|---|---|---|---|"]
    lines += [f"| {row.scenario} | {row.passed} | {row.failed} | {row.remark} |" for row in rows]
    ours = [row for row in rows if not row.reason]
    passed, failed = sum(row.passed for row in ours), sum(row.failed for row in ours)
    which = "In all" if all(row.is_served for row in rows) else "Without the extensions"
    return "\n".join([*lines, "", f"{which}: {passed} passed, {failed} failed.", ""])
