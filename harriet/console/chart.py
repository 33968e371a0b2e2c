"""Calls per day as stacked bars: the numbers of an SVG that a template draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harriet.console.queries import Day

HEIGHT = 190
WIDE, NARROW = 1060, 300
_LEFT, _BOTTOM, _TOP = 36, 22, 8
_SERIES = (("ok", "succeeded"), ("attention", "held"), ("neutral", "refused"), ("danger", "failed"))


@dataclass(frozen=True, slots=True)
class Bar:
    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    day: Day
    middle: float
    bars: tuple[Bar, ...]
    has_label: bool


@dataclass(frozen=True, slots=True)
class Chart:
    columns: tuple[Column, ...]
    lines: tuple[tuple[float, int], ...]
    """Height and number of each grid line."""
    width: int
    height: int = HEIGHT
    left: int = _LEFT
    floor: int = HEIGHT - _BOTTOM


def chart_of(days: Sequence[Day], width: int) -> Chart:
    """Bars of the days over the width, in pixels as the page shows them."""
    top = _round_up(max(day.total for day in days))
    step = (width - _LEFT) / len(days)
    columns = tuple(_column(day, _LEFT + i * step, step, top, (len(days) - i) % 2 == 1) for i, day in enumerate(days))
    return Chart(columns, tuple((_y(number, top), number) for number in (0, top // 2, top)), width)


def _column(day: Day, x: float, step: float, top: int, has_label: bool) -> Column:
    width = round(step * 0.62, 1)
    left = round(x + (step - width) / 2, 1)
    return Column(day, round(x + step / 2, 1), tuple(_bars(day, left, width, top)), has_label)


def _bars(day: Day, left: float, width: float, top: int) -> Iterator[Bar]:
    below = 0
    for kind, name in _SERIES:
        if count := getattr(day, name):
            y = _y(below + count, top)
            yield Bar(kind, left, y, width, round(_y(below, top) - y, 1))
            below += count


def _y(number: int, top: int) -> float:
    return round(_TOP + (HEIGHT - _BOTTOM - _TOP) * (1 - number / top), 1)


def _round_up(number: int) -> int:
    """The next 2, 4, 6, 8, 10, 20, 40, 60 …: an even number that reads well."""
    size = 1
    while True:
        for first in (2, 4, 6, 8, 10):
            if number <= first * size:
                return first * size
        size *= 10
