"""Texts that speak to the AI, hide, or name secrets: in names, titles, descriptions, annotations and schemas."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any

from connectors.definitions.oddities import Oddity, oddities_in
from connectors.findings.base import Check, Finding, Severity, Subject, ToolSubject, shortened

CODE = "hidden_text"
MOST_KEPT = 5_000
"""Definitions whose oddities a process remembers: a sync that changes one tool reads one."""
ELSEWHERE = frozenset({"carries", "other_tools"})
"""Kinds that other checks tell."""
_SEVERITIES = {
    "override": Severity.CRITICAL,
    "secrecy": Severity.CRITICAL,
    "imitates": Severity.CRITICAL,
    "hidden": Severity.HIGH,
    "key_file": Severity.HIGH,
    "consent": Severity.HIGH,
    "sends": Severity.HIGH,
    "asks_secret": Severity.HIGH,
}
_kept: OrderedDict[bytes, tuple[Oddity, ...]] = OrderedDict()
_lock = Lock()


def oddities_of(tool: ToolSubject) -> tuple[Oddity, ...]:
    """By the definition's digest, which says all of it."""
    with _lock:
        known = _kept.get(tool.digest)
    if known is None:
        known = tuple(oddities_in(tool.definition))
        with _lock:
            _kept[tool.digest] = known
            if len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return known


def _find(subject: Subject) -> Iterator[Finding]:
    said: Mapping[str, Any] = {"instructions": subject.instructions}
    if subject.instructions:
        yield from (_finding(one, "the server’s own words") for one in oddities_in(said) if _is_mine(one))
    for tool in subject.tools:
        yield from (_finding(one, tool.label) for one in oddities_of(tool) if _is_mine(one))


def _is_mine(oddity: Oddity) -> bool:
    return oddity.kind.code not in ELSEWHERE


def _finding(oddity: Oddity, of: str) -> Finding:
    severity = _SEVERITIES.get(oddity.kind.code, Severity.MEDIUM)
    return Finding(CODE, severity, oddity.kind.reason, f"{of}, {oddity.where}", shortened(oddity.text))


HIDDEN_TEXT = Check(CODE, "Texts that instruct the AI, hide from people, or name places where secrets are.", _find)
