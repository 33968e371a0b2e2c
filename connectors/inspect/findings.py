"""What a test of a connection found: lines for a person, and the whole in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what a test of a connection found."""

    kind: Literal["ok", "attention", "danger"]
    title: str
    sentence: str
    short: str = ""
    """For the one line of a test without anything to look at."""
    names: tuple[str, ...] = ()
    """Of what it offers, the first MOST_NAMES."""
    fits: str = ""
    """The type of credential that would do."""
    issuer: str = ""
    """Where people sign in for that."""


MOST_NAMES = 200
AUTHENTICATION = "Authentication"
"""The title of what was found about signing in."""
_BY_WEIGHT = ("danger", "attention", "ok")


def worst_of(findings: Sequence[Finding]) -> Finding:
    """What somebody should look at first."""
    return min(findings, key=lambda finding: _BY_WEIGHT.index(finding.kind))


def is_working(findings: Sequence[Finding]) -> bool:
    """Whether calls may be expected to work: nothing failed, and nothing is asked for that isn't there."""
    return not any(one.kind == "danger" or (one.title == AUTHENTICATION and one.kind != "ok") for one in findings)


def summary_of_test(findings: Sequence[Finding]) -> str:
    """In a line: that it works and what answered, or the first thing that is wrong."""
    worst = worst_of(findings)
    if worst.kind != "ok":
        return worst.sentence
    return f"It works: {', '.join(finding.short for finding in findings if finding.short)}."
