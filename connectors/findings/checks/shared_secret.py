"""One secret for everybody, with which things can be destroyed: the service can't tell who did it."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject, shortened

CODE = "shared_secret"


def _find(subject: Subject) -> Iterator[Finding]:
    tools = subject.dangerous
    if not subject.authentication or subject.is_per_person or not tools:
        return
    text = "Everybody acts with the organization’s one secret, and some of its tools are dangerous."
    yield Finding(CODE, Severity.MEDIUM, text, "authentication", shortened(", ".join(tool.name for tool in tools)))


SHARED_SECRET = Check(CODE, "The organization’s shared secret reaches dangerous tools.", _find)
