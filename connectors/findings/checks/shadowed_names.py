"""Tools that have the name of another connector's tool: an AI may pick the wrong one."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject

CODE = "shadowed_names"


def _find(subject: Subject) -> Iterator[Finding]:
    for tool in subject.only_tools:
        if (other := subject.others.get(tool.name)) is not None:
            text = f"{other} has a tool of the same name; an AI that has both may take this one for it."
            yield Finding(CODE, Severity.MEDIUM, text, tool.label, tool.name)


SHADOWED_NAMES = Check(CODE, "Tools with the name of another connector’s tool.", _find)
