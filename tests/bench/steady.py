"""Calls at a steady pace, one at a time, until standard input ends; then prints how they went as JSON. Whoever changes
something meanwhile learns whether other people's calls noticed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from math import inf
from typing import Any

from tests.bench.load import Caller

VERSION = "2025-11-25"


async def call_steadily(caller: Caller, every: float, over: asyncio.Event, took: list[float], wrong: list[str]) -> None:
    await caller.start()
    while not over.is_set():
        began = time.perf_counter()
        try:
            took.append(await caller.call())
        except (ValueError, KeyError, ConnectionError) as problem:
            wrong.append(f"{type(problem).__name__}: {problem}"[:200])
            await caller.start()
        await asyncio.sleep(max(0.0, every - (time.perf_counter() - began)))


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    over, took, wrong = asyncio.Event(), list[float](), list[str]()
    callers = [
        Caller(url, [options.token], [options.name], VERSION, number + 1)
        for number, url in enumerate(options.url.split(","))
    ]
    asyncio.get_running_loop().run_in_executor(None, sys.stdin.read).add_done_callback(lambda _: over.set())
    await asyncio.gather(*(call_steadily(caller, options.every, over, took, wrong) for caller in callers))
    calls = len(took)
    took = sorted(took) or [inf]
    return {
        "calls": calls,
        "wrong": wrong[:5],
        "wrong_count": len(wrong),
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
        "worst_ms": took[-1] * 1000,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="one, or several with commas between them")
    parser.add_argument("--token", required=True)
    parser.add_argument("--name", default="echo", help="of the tool")
    parser.add_argument("--every", type=float, default=0.05, help="seconds between two calls of one caller")
    print(json.dumps(asyncio.run(measure(parser.parse_args()))))


if __name__ == "__main__":
    main()
