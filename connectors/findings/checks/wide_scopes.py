"""Scopes that allow more than the tools do."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject, shortened
from connectors.models import Risk
from vault.oauth.scope_words import more_than_reading

CODE = "wide_scopes"


def _find(subject: Subject) -> Iterator[Finding]:
    more = more_than_reading(subject.placement)
    tools = subject.only_tools
    if more and tools and all(tool.risk == Risk.READ_ONLY for tool in tools):
        text = "It asks for scopes that allow more than looking, and all of its tools only look."
        names = shortened(" ".join(one.scope for one in more))
        yield Finding(CODE, Severity.MEDIUM, text, "authentication, scopes", names)


WIDE_SCOPES = Check(CODE, "OAuth scopes that allow more than the tools need.", _find)
