"""What a run wants of whoever works at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from audit.actor import Label


@dataclass(frozen=True, slots=True)
class Send:
    """A call to make, for an attempt at a step."""

    run_id: UUID
    step_id: UUID
    lease: UUID
    organization_id: UUID
    profile_id: UUID | None
    user_id: UUID
    tool_id: UUID
    workflow: str
    trust: str
    ticket: Label
    arguments: bytes


class Execute(NamedTuple):
    """A held call of the step that was approved."""

    action_id: UUID
    send: Send


class Again(NamedTuple):
    """Ask once more: a step is done, and another may follow."""


class Rest(NamedTuple):
    """Nothing to do for now."""


Work = Send | Execute | Again | Rest
