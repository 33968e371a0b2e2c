"""A program that runs as our child: how it starts, how it is asked to stop, and that it never outlives us."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harriet.start.account import Account

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    argv: tuple[str, ...]
    folder: Path
    env: Mapping[str, str] | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stdin: bytes = field(default=b"", repr=False)
    log: Path | None = None
    patience: float = 30.0
    """Seconds between asking it to stop and killing it."""

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start it in a process group of its own: a Ctrl-C in the terminal is ours to pass on, in our order."""
        output = self.log.open("ab") if self.log else None
        try:
            child: subprocess.Popen[bytes] = subprocess.Popen(
                self.argv,
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.PIPE if self.stdin else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                preexec_fn=_die_with_parent(self.stop_signal),
                **as_account(self.account),
            )
        finally:
            if output:
                output.close()
        if child.stdin:
            child.stdin.write(self.stdin)
            child.stdin.close()
        return child


def as_account(account: Account | None) -> dict[str, Any]:
    """Arguments for subprocess that change to the account and drop all its groups."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """Runs in the child before exec: the kernel sends it the signal when we die, even by SIGKILL (Linux)."""
    parent = os.getpid()

    def ask_kernel() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # we died before the kernel was asked
            os._exit(1)

    return ask_kernel


@dataclass(slots=True)
class Running:
    """A program and its present process."""

    program: Program
    child: "subprocess.Popen[bytes]"
    started_at: float
    failures: int = 0

    @classmethod
    def start(cls, program: Program) -> "Running":
        return cls(program, program.spawn(), time.monotonic())


def stop_all(running: list[Running]) -> None:
    """Ask all, the youngest first; wait for each, all from when they were asked; kill what is left of their process
    groups. Empties the list."""
    asked_at = time.monotonic()
    for one in reversed(running):
        if one.child.poll() is None:
            one.child.send_signal(one.program.stop_signal)
    while running:
        _see_off(running.pop(), asked_at)


def _see_off(one: Running, asked_at: float) -> None:
    try:
        one.child.wait(max(0.0, asked_at + one.program.patience - time.monotonic()))
    except subprocess.TimeoutExpired:
        one.child.kill()
        one.child.wait()
    sweep(one.child)


def sweep(child: "subprocess.Popen[bytes]") -> None:
    """Kill the children that a dead program left behind; they would hold its port or its data."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
