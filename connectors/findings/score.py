"""The score of a connector, from 0 to 100, and its band: a sum that a person can do by hand.

Each check counts once, by the worst that it found: 4 points for low, 12 for medium, 30 for high, 90 for critical. The
same check in more places adds a tenth of that for each, at most half as much again. Without anything critical the sum
ends at 89; with it, it is at least 90.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from connectors.findings.base import FROM_LOW_TO_CRITICAL, Finding, Severity

POINTS = {Severity.LOW: 4, Severity.MEDIUM: 12, Severity.HIGH: 30, Severity.CRITICAL: 90}
MOST_MORE = 5
"""Places of the same check that add to it."""
LARGEST = 100


class Band(StrEnum):
    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"
    CRITICAL = "Critical"


FROM = {Band.CRITICAL: 90, Band.HIGH: 50, Band.MEDIUM: 20, Band.LOW: 0}
"""The lowest score of each, from the top."""


def score_of(findings: Iterable[Finding]) -> int:
    by_check: defaultdict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        by_check[one.code].append(one)
    total = sum(_points(found) for found in by_check.values())
    has_critical = any(one.severity == Severity.CRITICAL for found in by_check.values() for one in found)
    return min(total, LARGEST if has_critical else FROM[Band.CRITICAL] - 1)


def _points(found: list[Finding]) -> int:
    worst = max((one.severity for one in found), key=FROM_LOW_TO_CRITICAL.index)
    places = sum(one.severity == worst for one in found)
    return POINTS[worst] * (10 + min(places - 1, MOST_MORE)) // 10


def band_of(score: int) -> Band:
    return next(band for band, lowest in FROM.items() if score >= lowest)
