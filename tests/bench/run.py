"""`make bench`: what one governed call costs. Starts everything it needs, prints a table, ends everything it started.

The gateway runs alone on CPU 0, with permission, audit, vault and redaction on; the server behind it and the load
run on CPU 1. PostgreSQL is a real one, with fsync on. CPU per call is the figure that noise disturbs least.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
LEVELS = (1, 16, 64)


def pinned(cpu: int, *command: str) -> list[str]:
    """Nothing is pinned on a machine with one CPU, or without the tool for it."""
    can = (os.cpu_count() or 1) > 1 and shutil.which("taskset")
    return ["taskset", "-c", str(cpu), *command] if can else list(command)


def cpu_seconds(root: psutil.Process) -> float:
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def memory_mib(root: psutil.Process) -> float:
    return sum(process.memory_info().rss for process in (root, *root.children(recursive=True))) / 2**20


def load(url: str, token: str, version: str, concurrency: int, calls: int) -> dict[str, Any]:
    options = ["--url", url, "--token", token, "--version", version, "--concurrency", str(concurrency)]
    command = pinned(1, sys.executable, str(ROOT / "tests/bench/load.py"), *options, "--calls", str(calls))
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return dict(json.loads(done.stdout))


def measured(process: psutil.Process, *args: Any) -> dict[str, Any]:
    before = cpu_seconds(process)
    row = load(*args)
    # The warm-up's calls cost as much as the counted ones.
    calls = row["calls"] + max(200, int(args[3]))
    return {**row, "cpu_ms": (cpu_seconds(process) - before) * 1000 / calls, "rss": memory_mib(process)}


def middle(rows: list[dict[str, Any]]) -> dict[str, float]:
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def report(found: dict[tuple[str, int], list[dict[str, Any]]]) -> None:
    print(f"{'':24}{'c':>4}{'calls/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'+p50 ms':>9}{'CPU ms/call':>13}{'RSS MiB':>9}")
    for (name, concurrency), rows in found.items():
        row, base = middle(rows), middle(found["server alone", concurrency])
        more = row["p50_ms"] - base["p50_ms"]
        print(
            f"{name:24}{concurrency:>4}{row['per_second']:>10.0f}{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}"
            f"{more:>9.2f}{row['cpu_ms']:>13.3f}{row['rss']:>9.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--era", choices=["legacy", "modern"], default="legacy")
    parser.add_argument("--levels", default=",".join(map(str, LEVELS)))
    options = parser.parse_args()
    from tests.bench.bench_site import BenchSite

    folder = Path(mkdtemp(prefix="harriet bench "))
    with BenchSite(folder, options.era, pinned) as site:
        version = {"legacy": "2025-11-25", "modern": "2026-07-28"}[options.era]
        targets = {
            "server alone": (site.upstream_url, "", site.upstream),
            "through Harriet": (site.gateway_url, site.token, site.gateway),
        }
        found: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for _ in range(options.rounds):
            for name, (url, token, process) in targets.items():
                for level in map(int, options.levels.split(",")):
                    calls = options.calls if level > 1 else options.calls // 2
                    found.setdefault((name, level), []).append(measured(process, url, token, version, level, calls))
        report(found)
        site.check_audit()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
