"""Stop the run if a condition holds. What can't be decided fails: a run never goes on because a field was missing."""

from __future__ import annotations

from approvals.runs.steps.base import Ends, Known, Passes, Scope, Settings, StepProblem
from approvals.runs.steps.filling import check_expression, check_template, filled, value_of


class StopIf:
    code = "stop"
    label = "Stop if"
    meaning = "Ends the run when a condition holds. If the condition can’t be decided, the run stops here and says why."

    def check(self, settings: Settings, known: Known) -> None:
        condition = settings.get("condition")
        if not isinstance(condition, str) or not condition.strip():
            raise StepProblem("Write the condition, such as inputs.amount > 1000.", field="condition")
        check_expression(condition, known, "condition")
        because = settings.get("because", "")
        if not isinstance(because, str) or len(because) > 200:
            raise StepProblem("Say why in at most 200 characters.", field="because")
        check_template(because, known, "because")

    def begin(self, settings: Settings, scope: Scope) -> Ends | Passes:
        answer = value_of(settings["condition"], scope)
        if not isinstance(answer, bool):
            raise StepProblem("The condition says neither true nor false, so the run does not go on.")
        if not answer:
            return Passes(False)
        because = str(filled(settings.get("because", ""), scope)).strip()
        return Ends(because or f"{settings['condition']} holds.")

    def words(self, settings: Settings) -> str:
        return f"Stops if {settings.get('condition', '')}"
