"""Call a tool, with arguments made of the run's inputs and of earlier answers."""

from __future__ import annotations

from uuid import UUID

from approvals.runs.steps.base import Known, Scope, Sends, Settings, StepProblem
from approvals.runs.steps.filling import check_template, filled
from harriet.lib.json.canonical import NotRepresentable, canonical_bytes

MOST_BYTES = 200_000


class CallTool:
    code = "call"
    label = "Call a tool"
    meaning = "Calls a tool of the profile as the person of the run. If the tool requires confirmation, the run waits."

    def check(self, settings: Settings, known: Known) -> None:
        if str(settings.get("tool", "")) not in known.tools:
            raise StepProblem("Choose a tool that the profile has.", field="tool")
        if not isinstance(settings.get("arguments", {}), dict):
            raise StepProblem("The arguments of a tool are a JSON object, such as {}.", field="arguments")
        check_template(settings.get("arguments", {}), known, "arguments")

    def begin(self, settings: Settings, scope: Scope) -> Sends:
        try:
            arguments = canonical_bytes(filled(settings.get("arguments", {}), scope))
        except NotRepresentable as problem:
            raise StepProblem(f"The arguments can't be written as JSON. {problem.message}") from None
        if len(arguments) > MOST_BYTES:
            raise StepProblem(f"The arguments have {len(arguments)} bytes; a step sends at most {MOST_BYTES}.")
        return Sends(UUID(settings["tool"]), arguments)

    def words(self, settings: Settings) -> str:
        return f"Calls {settings.get('tool_label') or 'a tool'}"
