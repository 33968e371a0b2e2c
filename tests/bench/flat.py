"""`make bench-flat`: whether a call costs the same with 10 and with 10,000 tools, people and connectors.

Every call bears another person's token and goes to another connector's tool. CPU is given as a multiple of the bare
server's in the same run, and beside it the memory and the start of the web process.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from pathlib import Path
from tempfile import mkdtemp

import psutil

from tests.bench.bench_site import BenchSite
from tests.bench.crowd import Size
from tests.bench.run import again, cpu_seconds, load, memory_mib, pinned

SIZES = (
    *(Size(10, 1, 1), Size(1000, 1, 1), Size(10_000, 1, 1)),
    *(Size(10, 10, 1), Size(10, 1000, 1), Size(10, 10_000, 1)),
    *(Size(10, 1, 10), Size(10, 1, 1000), Size(10, 1, 10_000)),
)
VERSION = "2025-11-25"


def cost(process: psutil.Process, url: str, calls: int, callers: str) -> float:
    """Milliseconds of CPU per call at c = 16."""
    before = cpu_seconds(process)
    row = load(url, "", VERSION, 16, calls, callers)
    return (cpu_seconds(process) - before) * 1000 / (int(row["calls"]) + 200)


def measure(size: Size, calls: int, rounds: int) -> None:
    folder = Path(mkdtemp(prefix="harriet bench "))
    with BenchSite(folder, "legacy", pinned, size=size) as site:
        started = site.start_seconds
        load(site.gateway_url, "", VERSION, 16, calls, str(site.callers))
        ours, bare = [], []
        for _ in range(rounds):
            ours.append(cost(site.gateway, site.gateway_url, calls, str(site.callers)))
            # It is cheap, and the clock of a process counts hundredths of seconds.
            bare.append(cost(site.upstream, site.upstream_url, 4 * calls, ""))
        middle = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
        print(
            f"{size.tools:>8}{size.people:>8}{size.connectors:>12}{statistics.median(ours):>13.3f}{middle:>8.1f}"
            f"{min(ours) / min(bare):>8.1f}{memory_mib(site.gateway):>9.0f}{started:>9.1f}",
            flush=True,
        )
    shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="tools,people,connectors: one row alone, without the names of the columns")
    options = parser.parse_args()
    if options.only:
        measure(Size(*map(int, options.only.split(","))), options.calls, options.rounds)
        return
    names = f"{'tools':>8}{'people':>8}{'connectors':>12}{'CPU ms/call':>13}"
    print(names + f"{'x bare':>8}{'least':>8}{'MiB':>9}{'ready s':>9}", flush=True)
    for size in SIZES:
        again(__spec__.name, f"{size.tools},{size.people},{size.connectors}")


if __name__ == "__main__":
    main()
