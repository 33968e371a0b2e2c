"""The table of what a very large company costs beside what it cost before: printed, and kept in docs/scale.md."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

BEGIN, END = "<!-- measured by make bench-large -->", "<!-- end of what was measured -->"


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    previous: str
    """Before the work for large companies, as text; empty where nobody had measured it."""
    now: str
    aim: str = ""
    is_met: bool | None = None
    """None where there is no aim."""

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = {True: "yes", False: "**no**", None: ""}[self.is_met]
        return self.what, self.previous, self.now, self.aim, verdict

    def line(self) -> str:
        verdict = {True: "met", False: "NOT MET", None: ""}[self.is_met]
        aim = f"  (aim: {self.aim}; {verdict})" if self.aim else ""
        before = f"; before: {self.previous}" if self.previous else ""
        return f"{self.what}: {self.now}{aim}{before}"


def at_most(what: str, taken: float, most: float, unit: str, *, previous: str = "", more: str = "") -> Row:
    """A figure with a bound."""
    return Row(what, previous, f"{shown(taken)} {unit}{more}", f"≤ {most:g} {unit}", taken <= most)


def shown(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"


def keep(page: Path, counts: str, rows: list[Row]) -> None:
    """Between its two marks; what people wrote around it stays."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{measured(counts, rows)}\n{END}{after}")


def measured(counts: str, rows: list[Row]) -> str:
    head = ("", "before", "now", "aim", "met")
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *(row.cells for row in rows))]
    where = f"On {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} virtual cores that everything shared"
    return "\n".join([f"{where}: {counts}.", "", *lines])
