"""Stacked bars: the numbers of an SVG that a template draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

HEIGHT = 190
WIDE, NARROW = 1060, 300
_LEFT, _BOTTOM, _TOP = 36, 22, 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stack(Generic[T]):
    """Counts that stand on each other, the lowest first, and what they are of: a day."""

    of: T
    counts: tuple[tuple[str, int], ...]
    """Each with its hue: "ok", "danger" …"""

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)


@dataclass(frozen=True, slots=True)
class Bar:
    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    of: T
    middle: float
    bars: tuple[Bar, ...]
    has_label: bool


@dataclass(frozen=True, slots=True)
class Chart(Generic[T]):
    columns: tuple[Column[T], ...]
    lines: tuple[tuple[float, int], ...]
    """Height and number of each grid line."""
    width: int
    height: int = HEIGHT
    left: int = _LEFT
    floor: int = HEIGHT - _BOTTOM


def chart_of(stacks: Sequence[Stack[T]], width: int) -> Chart[T]:
    """Bars over the width, in pixels as the page shows them."""
    top = _round_up(max(stack.total for stack in stacks))
    step = (width - _LEFT) / len(stacks)
    columns = tuple(
        _column(stack, _LEFT + i * step, step, top, (len(stacks) - i) % 2 == 1) for i, stack in enumerate(stacks)
    )
    return Chart(columns, tuple((_y(number, top), number) for number in (0, top // 2, top)), width)


def _column(stack: Stack[T], x: float, step: float, top: int, has_label: bool) -> Column[T]:
    width = round(step * 0.62, 1)
    left = round(x + (step - width) / 2, 1)
    return Column(stack.of, round(x + step / 2, 1), tuple(_bars(stack, left, width, top)), has_label)


def _bars(stack: Stack[T], left: float, width: float, top: int) -> Iterator[Bar]:
    below = 0
    for kind, count in stack.counts:
        if count:
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
