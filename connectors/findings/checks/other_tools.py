"""Descriptions that name other tools: a way to steer what an AI does with them."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.findings.base import Check, Finding, Severity, Subject, shortened
from connectors.findings.checks.hidden_text import oddities_of

CODE = "other_tools"


def _find(subject: Subject) -> Iterator[Finding]:
    own = {tool.name for tool in subject.only_tools}
    for tool in subject.tools:
        for oddity in oddities_of(tool):
            if oddity.kind.code == CODE:
                where = f"{tool.label}, {oddity.where}"
                yield Finding(CODE, Severity.MEDIUM, oddity.kind.reason, where, shortened(oddity.text))
        named = tool.named
        if theirs := sorted(name for name in named - own if name in subject.others):
            text = f"Its description names a tool of another connector, {subject.others[theirs[0]]}."
            yield Finding(CODE, Severity.MEDIUM, text, f"{tool.label}, description", shortened(", ".join(theirs)))
        if siblings := sorted(named & own):
            text = "Its description names other tools of the same server."
            yield Finding(CODE, Severity.LOW, text, f"{tool.label}, description", shortened(", ".join(siblings)))


OTHER_TOOLS = Check(CODE, "Descriptions that say how other tools are to be used.", _find)
