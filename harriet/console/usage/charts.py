"""Usage over time as stacked bars: a bar for each hour of today, or for each day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from audit.usage import Usage
from harriet.console.usage.forms import Asked
from harriet.pages.chart import NARROW, WIDE, Chart, Stack, chart_of

NARROW_COLUMNS = 8
"""That a phone shows: the last of them."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An hour or a day, and what was called in it."""

    at: datetime
    is_hour: bool
    usage: Usage


def moments_of(asked: Asked, found: list[Usage]) -> list[Moment]:
    """Also those without a call."""
    by_start = {int(usage.key): usage for usage in found}
    is_hour = asked.unit == "hour"
    return [Moment(at, is_hour, by_start.get(int(at.timestamp()), Usage(""))) for at in _starts(asked)]


def charts_of(moments: list[Moment]) -> dict[str, Chart[Moment]]:
    """Nothing when nothing was called."""
    if not any(moment.usage.calls for moment in moments):
        return {}
    stacks = [_stack(moment) for moment in moments]
    return {"wide": chart_of(stacks, WIDE), "narrow": chart_of(stacks[-NARROW_COLUMNS:], NARROW)}


def _starts(asked: Asked) -> Iterator[datetime]:
    step = timedelta(hours=1) if asked.unit == "hour" else timedelta(days=1)
    at, now = asked.since, datetime.now(UTC)
    while at <= now:
        yield at
        at += step


def _stack(moment: Moment) -> Stack[Moment]:
    usage = moment.usage
    return Stack(moment, (("ok", usage.succeeded), ("neutral", usage.refused), ("danger", usage.failed)))
