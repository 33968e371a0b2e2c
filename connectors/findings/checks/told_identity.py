"""Who calls is told to a server outside the company."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject

CODE = "told_identity"


def _find(subject: Subject) -> Iterator[Finding]:
    if subject.identity and not subject.is_internal:
        text = "A server outside the company is told who calls."
        yield Finding(CODE, Severity.MEDIUM, text, "identity", subject.identity)


TOLD_IDENTITY = Check(CODE, "A server outside the company is told who calls.", _find)
