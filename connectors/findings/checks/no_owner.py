"""Nobody looks after it."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject

CODE = "no_owner"


def _find(subject: Subject) -> Iterator[Finding]:
    if not subject.has_owner:
        text = "Nobody who is active here looks after it, so nobody hears when it fails or changes."
        yield Finding(CODE, Severity.LOW, text, "owner")


NO_OWNER = Check(CODE, "Nobody active looks after the connector.", _find)
