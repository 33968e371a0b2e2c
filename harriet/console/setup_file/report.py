"""What applying a set-up file did, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from harriet.lib.errors import Problem


@dataclass(slots=True)
class Report:
    lines: list[str] = field(default_factory=list)
    has_failed: bool = False

    def created(self, what: str) -> None:
        self.lines.append(f"created  {what}")

    def changed(self, what: str) -> None:
        self.lines.append(f"changed  {what}")

    def invited(self, what: str) -> None:
        self.lines.append(f"invited  {what}")

    def left(self, what: str) -> None:
        self.lines.append(f"left     {what}")

    def noted(self, what: str, why: str) -> None:
        """Worth knowing, though nothing is left to do for the file."""
        self.lines.append(f"note     {what}: {why}")

    def failed(self, what: str, why: str) -> None:
        self.has_failed = True
        self.lines.append(f"FAILED   {what}: {why}")

    def changed_if(self, is_changed: object, what: str) -> None:
        if is_changed:
            self.changed(what)
        else:
            self.left(what)

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """A part that fails is reported with its sentence; the other parts go on."""
        try:
            yield
        except Problem as problem:
            self.failed(what, problem.message)
