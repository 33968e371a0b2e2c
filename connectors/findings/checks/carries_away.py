"""Arguments that could carry away what was said elsewhere, or where an answer is to be sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from connectors.findings.base import Check, Finding, Severity, Subject, ToolSubject, shortened
from connectors.findings.checks.hidden_text import oddities_of
from connectors.models import Risk

CODE = "carries_away"
_AWAY = re.compile(
    r"^(?:callback|webhook|notify|notification|forward|exfil|upload|beacon)[_-]?(?:url|uri|to|address)?$", re.I
)


def _find(subject: Subject) -> Iterator[Finding]:
    for tool in subject.tools:
        for oddity in oddities_of(tool):
            if oddity.kind.code == "carries":
                where = f"{tool.label}, {oddity.where}"
                yield Finding(CODE, Severity.MEDIUM, oddity.kind.reason, where, shortened(oddity.text))
        if tool.risk == Risk.READ_ONLY:
            yield from _leading_away(tool)


def _leading_away(tool: ToolSubject) -> Iterator[Finding]:
    schema = tool.definition.get("inputSchema")
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    for name in properties if isinstance(properties, Mapping) else ():
        if _AWAY.match(str(name)):
            text = "The tool is said to read only, and an argument says where something is to be sent."
            yield Finding(CODE, Severity.MEDIUM, text, f"{tool.label}, argument {name}", shortened(str(name)))


CARRIES_AWAY = Check(CODE, "Arguments that can carry away what was said or thought elsewhere.", _find)
