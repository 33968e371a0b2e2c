"""Keeps the children running: a crashed one is started again with a message, later and later; all stop together."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

from harriet.lib.errors import Problem
from harriet.start.program import Program, Running, stop_all, sweep

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
STEADY = 60.0
"""Seconds after which a child counts as healthy again."""


class StopRequested(BaseException):
    """SIGTERM, SIGINT or SIGHUP came."""


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


@dataclass(slots=True)
class Supervisor:
    servers: list[Running]
    """PostgreSQL and Redis, when they are ours: they stop last."""
    processes: list[Running] = field(default_factory=list)
    _due: dict[str, float] = field(default_factory=dict)

    def start(self, program: Program) -> None:
        self.processes.append(Running.start(program))

    def start_until(self, program: Program, is_ready: Callable[[], bool]) -> None:
        """Start it and wait. Raises Problem when it ends before it is ready: what never ran is not restarted."""
        first = Running.start(program)
        self.processes.append(first)
        while not is_ready():
            if first.child.poll() is not None:
                raise Problem(f"{program.name} could not start; the reason is above.")
            time.sleep(0.1)

    def watch(self) -> NoReturn:
        while True:
            for one in (*self.servers, *self.processes):
                self._look_after(one)
            time.sleep(0.2)

    def _look_after(self, one: Running) -> None:
        name = one.program.name
        if name in self._due:
            if time.monotonic() >= self._due[name]:
                del self._due[name]
                one.child, one.started_at = one.program.spawn(), time.monotonic()
        elif one.child.poll() is not None:
            sweep(one.child)
            self._due[name] = time.monotonic() + self._delay(one)

    def _delay(self, one: Running) -> float:
        one.failures = 0 if time.monotonic() - one.started_at > STEADY else one.failures
        delay: float = min(FIRST_DELAY * 2**one.failures, LONGEST_DELAY)
        one.failures += 1
        say(f"{one.program.name} {_ending(one.child.returncode)}; starting it again in {delay:g} s.")
        return delay

    def stop(self) -> None:
        stop_all(self.processes)
        stop_all(self.servers)


def _ending(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with code {returncode}"


@contextmanager
def stop_signals() -> Iterator[None]:
    """Inside, a stop signal raises StopRequested, once; later ones wait until everything has stopped."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def raise_once(number: int, frame: FrameType | None) -> None:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        raise StopRequested

    before = {number: signal.signal(number, raise_once) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
