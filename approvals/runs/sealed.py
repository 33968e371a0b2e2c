"""What is sealed of a run, with keys of its own: its inputs, and the arguments and the answer of each step."""

from __future__ import annotations

import json
from typing import Any, Literal
from uuid import UUID

from approvals.models import RunSchedule, RunStep, WorkflowRun
from vault.open import Opener, opener_for

Part = Literal["inputs", "arguments", "result"]


class SealedParts:
    """Of one run, or one schedule. The organization's keys are read once."""

    def __init__(self, organization_id: UUID, run_id: UUID, user_id: UUID) -> None:
        self._opener: Opener = opener_for(organization_id)
        self._run, self._user = run_id, user_id

    @classmethod
    def of(cls, run: WorkflowRun) -> SealedParts:
        return cls(run.organization_id, run.pk, run.user_id)

    def seal(self, record_id: UUID, part: Part, clear: bytes) -> bytes:
        return self._opener.seal(self._run, record_id, part, clear, owner_id=self._user)

    def inputs_of(self, run: WorkflowRun) -> dict[str, Any]:
        return dict(json.loads(self._open(run.pk, "inputs", run.sealed_inputs)))

    def scheduled_inputs_of(self, schedule: RunSchedule) -> dict[str, Any]:
        """Of parts that were made for the schedule."""
        return dict(json.loads(self._open(schedule.pk, "inputs", schedule.sealed_inputs)))

    def arguments_of(self, step: RunStep) -> bytes:
        """Empty when it sends none."""
        return self._open(step.pk, "arguments", step.sealed_arguments) if step.sealed_arguments else b""

    def json_arguments_of(self, step: RunStep) -> Any:
        """None when it sends none."""
        return json.loads(self.arguments_of(step) or b"null")

    def result_of(self, step: RunStep) -> Any:
        """As later steps see it; None when there is none."""
        return json.loads(self._open(step.pk, "result", step.sealed_result)) if step.sealed_result else None

    def _open(self, record_id: UUID, part: Part, sealed: bytes | memoryview) -> bytes:
        return self._opener.open(self._run, record_id, part, bytes(sealed), owner_id=self._user)
