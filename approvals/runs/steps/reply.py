"""Wait for somebody's reply on the run's ticket."""

from __future__ import annotations

from approvals.runs.steps.base import Asks, Known, Scope, Settings, StepProblem
from approvals.runs.steps.filling import check_template, filled

LONGEST_QUESTION = 500


class WaitForReply:
    code = "reply"
    label = "Wait for a reply"
    meaning = "Asks a question on the run’s ticket and waits until somebody has answered it there."

    def check(self, settings: Settings, known: Known) -> None:
        question = settings.get("question")
        if not isinstance(question, str) or not question.strip():
            raise StepProblem("Write the question that somebody is to answer.", field="question")
        if len(question) > LONGEST_QUESTION:
            raise StepProblem(f"Ask in at most {LONGEST_QUESTION} characters.", field="question")
        check_template(question, known, "question")

    def begin(self, settings: Settings, scope: Scope) -> Asks:
        return Asks(str(filled(settings["question"], scope))[:LONGEST_QUESTION])

    def words(self, settings: Settings) -> str:
        return f"Waits for a reply: {settings.get('question', '')}"
