"""What a kind of step is: how its settings are checked when a workflow is saved, and what it wants when a run reaches
it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from harriet.lib.errors import Problem

Settings = Mapping[str, Any]
"""Of one step, as JSON: its name, its kind, and what its kind asks for."""


class StepProblem(Problem):
    """Why a step can't be done, or what is wrong with its settings; `field` names the setting."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the settings of a step may speak of."""

    inputs: frozenset[str]
    steps: frozenset[str]
    """Those before it."""
    tools: Mapping[str, str]
    """What the profile offers to somebody: names by id."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run knows when it reaches a step."""

    values: Mapping[str, Any]
    """`inputs`, `steps` and `run`, by which expressions name them."""
    now: datetime


class Sends(NamedTuple):
    """A call of a tool."""

    tool_id: UUID
    arguments: bytes


class WaitsUntil(NamedTuple):
    moment: datetime


class Asks(NamedTuple):
    """Waits for somebody's reply on the ticket."""

    question: str


class Passes(NamedTuple):
    """Is done by itself; `result` is what later steps may use."""

    result: Any


class Ends(NamedTuple):
    """The run is over, and well."""

    reason: str


Wanted = Sends | WaitsUntil | Asks | Passes | Ends


class StepKind(Protocol):
    code: str
    """Stands in rows: never renamed."""
    label: str
    meaning: str

    def check(self, settings: Settings, known: Known) -> None:
        """Raises StepProblem with what is wrong."""

    def begin(self, settings: Settings, scope: Scope) -> Wanted:
        """Raises StepProblem when the step fails."""

    def words(self, settings: Settings) -> str:
        """What it does, in one line."""
