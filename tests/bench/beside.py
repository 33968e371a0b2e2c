"""A governed call beside the bare pass-through of the same run: ratios that hold on any machine, with their aims."""

from __future__ import annotations

import statistics
from typing import Any

SERVER, BARE, GOVERNED = "server alone", "bare pass-through", "through Harriet"
Found = dict[tuple[str, int], list[dict[str, Any]]]


def compare(found: Found) -> list[str]:
    """A line for each aim whose level was measured. Each figure is the middle one of the rounds, each compared within
    itself: what a busy machine does to a round, it does to both."""
    alone, crowd = 1, 16
    lines = []
    if (GOVERNED, alone) in found:
        server, bare, ours = ([row["p50_ms"] for row in found[name, alone]] for name in (SERVER, BARE, GOVERNED))
        lines += [
            line("p50 at c = 1, of the pass-through's", [a / b for a, b in zip(ours, bare, strict=True)], 1.0, "x"),
            line("added p50 at c = 1", [a - b for a, b in zip(ours, server, strict=True)], 1.0, "ms"),
        ]
    if (GOVERNED, crowd) in found:
        bare, ours = ([row["per_second"] for row in found[name, crowd]] for name in (BARE, GOVERNED))
        cpu_bare, cpu_ours = ([row["cpu_ms"] for row in found[name, crowd]] for name in (BARE, GOVERNED))
        tails = [row["p99_ms"] / row["p50_ms"] for row in found[GOVERNED, crowd]]
        lines += [
            line(
                "time per call at c = 16, of the pass-through's",
                [a / b for a, b in zip(bare, ours, strict=True)],
                1.0,
                "x",
            ),
            line(
                "CPU per call at c = 16, of the pass-through's",
                [a / b for a, b in zip(cpu_ours, cpu_bare, strict=True)],
                1.0,
                "x",
            ),
            line("p99 of p50 at c = 16", tails, 2.1, "x"),
        ]
    return lines


def line(what: str, rounds: list[float], aim: float, unit: str) -> str:
    middle = statistics.median(rounds)
    spread = f"{min(rounds):.2f} to {max(rounds):.2f}"
    verdict = "met" if middle <= aim else "not met"
    return f"{what:48}{middle:>7.2f} {unit:3}({spread})  aim ≤ {aim:.1f} {unit}: {verdict}"
