"""Every environment variable that Harriet reads is documented, and nothing else is."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_each_variable_is_documented_and_there_are_few() -> None:
    read = set(re.findall(r'\benv(?:_\w+)?\(\s*"([A-Z_]+)"', (ROOT / "harriet" / "settings.py").read_text()))
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "production.md").read_text(), re.MULTILINE))
    assert read == documented
    assert len(read) <= 17, (
        "a dozen to run it, one for MCP clients in browsers, one for local servers, three to watch it"
    )


def test_no_other_file_reads_the_environment() -> None:
    """But `start`, which asks whether it needs servers of its own, the set-up file, which may name a variable, and
    `probe`, which the conformance suite tells there what to call."""
    readers = {
        str(path.relative_to(ROOT))
        for app in ("harriet", "audit", "vault", "connectors", "approvals")
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"os\.environ|os\.getenv|\benv(?:_\w+)?\(\s*\"", path.read_text())
    }
    allowed = {"harriet/settings.py", "harriet/lib/env.py", "harriet/asgi.py", "harriet/celery.py"}
    assert readers - allowed == {
        "harriet/start/run.py",
        "harriet/start/processes.py",
        "harriet/console/setup_file/form.py",
        "connectors/management/commands/probe.py",
    }
