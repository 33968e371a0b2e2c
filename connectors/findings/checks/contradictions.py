"""Annotations that say less than the tool's own name: “read-only” on something that is called delete."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.definitions.risk import propose_risk
from connectors.findings.base import Check, Finding, Severity, Subject, ToolSubject, shortened
from connectors.models import Risk

CODE = "contradictions"
_SEVERITIES = {Risk.DANGEROUS: Severity.HIGH, Risk.MODERATE: Severity.MEDIUM}


def _find(subject: Subject) -> Iterator[Finding]:
    for tool in subject.only_tools:
        by_name = propose_risk({"name": tool.name}).risk
        hint = _milder_hint(tool, by_name)
        if hint:
            text = f"The server says {hint}, and the tool’s name says that it does more than that."
            yield Finding(CODE, _SEVERITIES[by_name], text, f"{tool.label}, annotations", shortened(tool.name))


def _milder_hint(tool: ToolSubject, by_name: Risk) -> str:
    if by_name in _SEVERITIES and tool.annotations.get("readOnlyHint") is True:
        return "readOnlyHint"
    is_harmless = tool.annotations.get("destructiveHint") is False
    return "that it destroys nothing" if by_name == Risk.DANGEROUS and is_harmless else ""


CONTRADICTIONS = Check(CODE, "Annotations that say less than the tool’s name, such as readOnlyHint on delete.", _find)
