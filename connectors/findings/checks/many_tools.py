"""So many tools that nobody looks through them, and that clients leave some out."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject

CODE = "many_tools"
MANY, VERY_MANY = 40, 100


def _find(subject: Subject) -> Iterator[Finding]:
    count = len(subject.only_tools)
    if count > MANY:
        severity = Severity.MEDIUM if count > VERY_MANY else Severity.LOW
        text = f"It offers {count} tools, more than people look through; some clients leave out what is beyond 100."
        yield Finding(CODE, severity, text, "tools", str(count))


MANY_TOOLS = Check(CODE, f"More than {MANY} tools.", _find)
