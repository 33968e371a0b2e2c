"""Where the server is: plain http can be read on the way, and an internal server is inside the company's network."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject

CODE = "address"


def _find(subject: Subject) -> Iterator[Finding]:
    if subject.url.lower().startswith("http:"):
        text = "It is reached by plain http: whoever is on the way reads calls, answers and the secret."
        yield Finding(CODE, Severity.MEDIUM, text, "address", subject.url)
    if subject.is_internal:
        text = "Its host is inside the company’s network, which whoever calls its tools reaches through it."
        yield Finding(CODE, Severity.LOW, text, "address", subject.host)


ADDRESS = Check(CODE, "The server is reached by plain http, or is inside the company’s network.", _find)
