"""Starts server processes for tests and waits until they listen."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import randrange

ROOT = Path(__file__).parents[2]


@dataclass
class SdkServer:
    url: str
    log: Path

    def entries(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def requests(self) -> list[dict]:
        return [entry for entry in self.entries() if "http" in entry]

    def wait_for(self, **fields: str) -> bool:
        for _ in range(3000):
            if any(fields.items() <= entry.items() for entry in self.entries()):
                return True
            time.sleep(0.02)
        return False


PORTS = range(20_000, 32_000)
"""Below those that the system gives to connections that leave: nobody else takes one before its server listens there,
or while it is started again."""
_turns = count(randrange(len(PORTS)))


def free_port() -> int:
    """Another each time. Workers of one run begin anywhere, and what one has found is seldom the next one's."""
    for turn in _turns:
        port = PORTS[turn % len(PORTS)]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable")


@contextlib.contextmanager
def sdk_server(folder: Path, *flags: str) -> Iterator[SdkServer]:
    """tests/servers/sdk_server.py in a process of its own."""
    port, log = free_port(), folder / f"sdk{''.join(flags)}.log"
    command = [sys.executable, "-m", "tests.servers.sdk_server", str(port), str(log), *flags]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        wait_until_listening(port, process)
        yield SdkServer(f"http://127.0.0.1:{port}/mcp", log)
    finally:
        process.kill()
        process.wait()


def wait_until_listening(port: int, process: "subprocess.Popen[bytes]", seconds: float = 60) -> None:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode} before it listened.")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.05)
    raise RuntimeError("The server doesn't listen.")
