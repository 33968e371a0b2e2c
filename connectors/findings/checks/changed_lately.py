"""Definitions that the server changed since somebody last approved the connector."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject, shortened

CODE = "changed_lately"


def _find(subject: Subject) -> Iterator[Finding]:
    changed = [tool.name for tool in subject.tools if tool.is_changed]
    if changed:
        text = "The server changed definitions, which an admin accepted since the last approval."
        yield Finding(CODE, Severity.LOW, text, "tools", shortened(", ".join(changed)))


CHANGED_LATELY = Check(CODE, "Definitions that changed since the last approval.", _find)
