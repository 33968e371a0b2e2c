"""`make bench`: what one governed call costs. Starts everything it needs, prints a table, ends everything it started.

The gateway runs alone on CPU 0, with permission, audit, vault and redaction on; the server behind it and the load
run on CPU 1. PostgreSQL is a real one, with fsync on. CPU per call is the figure that noise disturbs least. On CPU 0,
too, and measured in turn with it, a bare pass-through shows what a gateway in Python costs that does nothing at all
(`pass_through.py`): the ratios to it hold on any machine, and their aims stand beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil

from tests.bench.beside import BARE, GOVERNED, SERVER, Found, compare

if TYPE_CHECKING:
    from tests.bench.bench_site import BenchSite

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
LEVELS = (1, 16, 64)
PREVIOUS = ROOT / "docs/performance-previous.json"
"""The figures of the last run that was kept with `--keep`, printed beside the new ones."""


def pinned(cpu: int, *command: str) -> list[str]:
    """Nothing is pinned on a machine with one CPU, or without the tool for it."""
    can = (os.cpu_count() or 1) > 1 and shutil.which("taskset")
    return ["taskset", "-c", str(cpu), *command] if can else list(command)


def cpu_seconds(root: psutil.Process) -> float:
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def memory_mib(root: psutil.Process) -> float:
    """Of the largest process: a web process, and not gunicorn's own beside it."""
    return max(process.memory_info().rss for process in (root, *root.children(recursive=True))) / 2**20


def load(
    url: str,
    token: str,
    version: str,
    concurrency: int,
    calls: int,
    callers: str = "",
    *,
    command: Callable[..., list[str]] = pinned,
) -> dict[str, Any]:
    """`callers` is a file with many tokens and names of tools, instead of one token and `echo`."""
    options = ["--url", url, "--token", token, "--version", version, "--concurrency", str(concurrency)]
    options += ["--calls", str(calls), *(["--callers", callers] if callers else [])]
    done = subprocess.run(
        command(1, sys.executable, str(ROOT / "tests/bench/load.py"), *options),
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return dict(json.loads(done.stdout))


def again(module: str, only: str) -> None:
    """One row in a process of its own: a Django can't change its database."""
    subprocess.run([sys.executable, "-m", module, *sys.argv[1:], "--only", only], cwd=ROOT, check=True)


def measured(process: psutil.Process, *args: Any) -> dict[str, Any]:
    before = cpu_seconds(process)
    row = load(*args)
    # The warm-up's calls cost as much as the counted ones.
    calls = row["calls"] + max(200, int(args[3]))
    return {**row, "cpu_ms": (cpu_seconds(process) - before) * 1000 / calls, "rss": memory_mib(process)}


def middle(rows: list[dict[str, Any]]) -> dict[str, float]:
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def list_cost(site: BenchSite, version: str, times: int = 20) -> tuple[int, float]:
    """How many tools there are, and the gateway's CPU in milliseconds for listing all of them, page by page."""
    parts = urlsplit(site.gateway_url)
    connection = HTTPConnection(parts.hostname or "", parts.port)
    count, before = 0, 0.0
    for turn in range(times + 1):
        count, cursor = 0, None
        while count == 0 or cursor is not None:
            page = _page(connection, parts.path, site.token, version, cursor)
            count, cursor = count + len(page["tools"]), page.get("nextCursor")
        if turn == 0:
            before = cpu_seconds(site.gateway)  # the first listing makes what the others find ready
    return count, (cpu_seconds(site.gateway) - before) * 1000 / times


def _page(connection: HTTPConnection, path: str, token: str, version: str, cursor: str | None) -> dict[str, Any]:
    params: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
    headers = {"Content-Type": "application/json", "Accept": "application/json", "MCP-Protocol-Version": version}
    if version >= "2026":
        prefix = "io.modelcontextprotocol/"
        params["_meta"] = {f"{prefix}protocolVersion": version, f"{prefix}clientCapabilities": {}}
        headers["Mcp-Method"] = "tools/list"
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params})
    connection.request("POST", path, body, {**headers, "Authorization": f"Bearer {token}"})
    return dict(json.loads(connection.getresponse().read())["result"])


def report(found: Found, previous: dict[str, float]) -> dict[str, float]:
    """Prints the table; gives what a later run compares itself with: CPU as a multiple of the bare server's."""
    print(
        f"{'':24}{'c':>4}{'calls/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'+p50 ms':>9}{'CPU ms/call':>13}{'RSS MiB':>9}"
        f"{'x bare':>8}{'before':>8}"
    )
    ratios: dict[str, float] = {}
    for (name, concurrency), rows in found.items():
        row, base = middle(rows), middle(found[SERVER, concurrency])
        more = row["p50_ms"] - base["p50_ms"]
        key = f"{name}, c={concurrency}"
        ratios[key] = round(row["cpu_ms"] / base["cpu_ms"], 2)
        print(
            f"{name:24}{concurrency:>4}{row['per_second']:>10.0f}{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}"
            f"{more:>9.2f}{row['cpu_ms']:>13.3f}{row['rss']:>9.0f}"
            f"{ratios[key]:>8.1f}{previous.get(key, float('nan')):>8.1f}"
        )
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0] if __doc__ else "",
        epilog="Beside it: `python -m tests.bench.flat` (many tools, people, connectors), `python -m tests.bench.scale`"
        " (two web processes, two machines).",
    )
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--era", choices=["legacy", "modern"], default="legacy")
    parser.add_argument("--levels", default=",".join(map(str, LEVELS)))
    parser.add_argument("--workers", type=int, default=1, help="web processes, all on one core")
    parser.add_argument("--tools", type=int, default=1000)
    parser.add_argument("--keep", action="store_true", help=f"write the ratios to {PREVIOUS.relative_to(ROOT)}")
    options = parser.parse_args()
    from tests.bench.bench_site import BenchSite
    from tests.bench.crowd import Size

    levels = [int(level) for level in options.levels.split(",")]
    folder = Path(mkdtemp(prefix="harriet bench "))
    with BenchSite(folder, options.era, pinned, size=Size(options.tools), workers=options.workers) as site:
        version = {"legacy": "2025-11-25", "modern": "2026-07-28"}[options.era]
        bare, bare_url = site.start_pass_through()
        targets = {
            SERVER: (site.upstream_url, "", site.upstream),
            BARE: (bare_url, "", bare),
            GOVERNED: (site.gateway_url, site.token, site.gateway),
        }
        found: Found = {}
        # In turn, level by level: two figures of one round are seconds apart.
        for level in levels * options.rounds:
            for name, (url, token, process) in targets.items():
                calls = options.calls if level > 1 else options.calls // 2
                found.setdefault((name, level), []).append(measured(process, url, token, version, level, calls))
        kept = json.loads(PREVIOUS.read_text()) if PREVIOUS.exists() else {}
        ratios = report(found, kept.get(options.era, {}))
        print(*compare(found), sep="\n")
        tools, milliseconds = list_cost(site, version)
        print(
            f"tools/list of {tools} tools, all pages: {milliseconds:.1f} ms CPU; ready after {site.start_seconds:.1f} s"
        )
        site.check_audit()
        if options.keep:
            PREVIOUS.write_text(json.dumps({**kept, options.era: ratios}, indent=2) + "\n")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
