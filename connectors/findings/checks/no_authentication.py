"""A public server that asks nobody who they are."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject

CODE = "no_authentication"


def _find(subject: Subject) -> Iterator[Finding]:
    if subject.authentication or subject.is_internal or not subject.url:
        return
    severity = Severity.HIGH if subject.dangerous else Severity.MEDIUM
    text = "Harriet signs in with nothing, and the server is public: whoever finds it can use it."
    yield Finding(CODE, severity, text, "authentication", subject.host)


NO_AUTHENTICATION = Check(CODE, "A public server that is used without signing in.", _find)
