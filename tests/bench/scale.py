"""`make bench-scale`: one web process, two, and two machines' worth (two gunicorns on one PostgreSQL and one Redis).

The two machines have run folders, keys and gunicorns of their own, and are shown one session in turn. The Celery worker
and beat run all the time and seal the audit log. Everything shares this computer's cores, so calls per second can't
double where cores don't: what tells whether processes stand in each other's way is the CPU per call of each party, the
share of the cores in use, locks that somebody waits for, and what the statements wait for.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psutil

from tests.bench.alternate import call_in_turn
from tests.bench.bench_site import BenchSite
from tests.bench.crowd import Size
from tests.bench.parties import Watched, cpu_of, shares, wait_until_sealed
from tests.bench.run import again, load

VERSION = "2025-11-25"
SIZE = Size(tools=50, people=100, connectors=10)


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    workers: int
    machines: int
    pinned: bool = False
    """Each web process to a core of its own."""


SHAPES = (
    Shape("1 web process", 1, 1),
    Shape("2 web processes", 2, 1),
    Shape("2, a core each", 2, 1, pinned=True),
    Shape("2 machines", 1, 2),
)
HEAD = ("calls/s", "p50 ms", "web", "PostgreSQL", "Redis", "sealing", "server", "load", "in all", "% of cores")

USED = HEAD[1:-1]


def anywhere(cpu: int, *command: str) -> list[str]:
    """No pinning: the system spreads the work over its cores."""
    return list(command)


def pin(site: BenchSite) -> None:
    """The threads with the event loops; those that load snapshots go where there is room."""
    cores = os.cpu_count() or 1
    for number, process in enumerate(process for gateway in site.gateways for process in gateway.children()):
        process.cpu_affinity([number % cores])


def parties(site: BenchSite) -> dict[str, list[psutil.Process]]:
    postgres, redis = (psutil.Process(running.child.pid) for running in site.embedded.running)
    return {
        "web": list(site.gateways),
        "PostgreSQL": [postgres],
        "Redis": [redis],
        "sealing": site.background,
        "server": [site.upstream],
    }


def once(site: BenchSite, calls: int, concurrency: int) -> dict[str, float]:
    """One run; CPU in milliseconds per call."""
    found = parties(site)
    before = {name: cpu_of(processes) for name, processes in found.items()}
    row: dict[str, Any] = load(
        ",".join(site.gateway_urls), "", VERSION, concurrency, calls, str(site.callers), command=anywhere
    )
    done = calls + max(200, concurrency)
    used = {name: (cpu_of(processes) - before[name]) * 1000 / done for name, processes in found.items()}
    used["load"] = row["cpu_seconds"] * 1000 / done
    used["in all"] = sum(used.values())
    share = used["in all"] / 10 * row["per_second"] / (os.cpu_count() or 1)
    return {"calls/s": row["per_second"], "p50 ms": row["p50_ms"], **used, "% of cores": share}


def measure(shape: Shape, calls: int, rounds: int, concurrency: int) -> None:
    folder = Path(mkdtemp(prefix="harriet bench "))
    site = BenchSite(
        folder, "legacy", anywhere, size=SIZE, workers=shape.workers, machines=shape.machines, background=True
    )
    with site:
        if shape.pinned:
            pin(site)
        once(site, calls, concurrency)
        wait_until_sealed(os.environ["DATABASE_OWNER_URL"])
        with Watched(os.environ["DATABASE_OWNER_URL"]) as watched:
            rows = [once(site, calls, concurrency) for _ in range(rounds)]
        row = {name: statistics.median(one[name] for one in rows) for name in rows[0]}
        print(f"{shape.name:16}" + "".join(f"{row[name]:>11.{2 if name in USED else 0}f}" for name in HEAD))
        remarks(watched, rounds * (calls + max(200, concurrency)))
        if shape.machines > 1:
            print(f"{'':6}one session called in turn at {call_in_turn(site.gateway_urls, site.token)} machines")
        site.check_audit()
    shutil.rmtree(folder, ignore_errors=True)


def remarks(watched: Watched, calls: int) -> None:
    wal, size = watched.wal_bytes / 1024 / calls, watched.event_bytes / watched.events
    sizes = f"{wal:.2f} KiB of WAL per call; {size:.0f} bytes per event with indexes"
    print(f"{'':6}{sizes}; {watched.unsealed} events not sealed at the end")
    print(f"{'':6}somebody waited for a lock in {watched.lock_waits} of {watched.samples} samples")
    print(f"{'':6}audit writers: {shares(watched.writers)}")
    print(f"{'':6}other statements: {shares(watched.others)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--only", type=int, help="the number of one row alone, without the names of the columns")
    options = parser.parse_args()
    if options.only is not None:
        measure(SHAPES[options.only], options.calls, options.rounds, options.concurrency)
        return
    print(f"{os.cpu_count()} cores; CPU in milliseconds per call, of each party and in all")
    print(f"{'':16}" + "".join(f"{name:>11}" for name in HEAD), flush=True)
    for number in range(len(SHAPES)):
        again(__spec__.name, str(number))


if __name__ == "__main__":
    main()
