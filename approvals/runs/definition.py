"""What a workflow says: its inputs and its steps, checked when it is saved.

An input is `{"name", "label", "required", "type"}` (text, number or yes_no), a step `{"name", "kind", …}` with what its
kind asks for; names are those by which expressions speak of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import isfinite
from typing import Any, NamedTuple

from approvals.runs.steps.base import Known, Settings, StepProblem
from approvals.runs.steps.kinds import KINDS

MOST_STEPS = 50
MOST_INPUTS = 20
TYPES = {"text": "A text", "number": "A number", "yes_no": "Yes or no"}
"""Of an input, with the words that people read."""
LONGEST_VALUE = 4000
"""Characters of an input's value."""
LONGEST_NUMBER = 40
LARGEST = 2**53
"""Beyond it whole numbers are not exact everywhere."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = frozenset({"cron", "time_zone", "trust"})
"""Fields of the forms in which inputs are given."""
_NAMED = "A name is of small letters, digits and _, and begins with a letter, such as find_customer."
_TAKEN = frozenset({"in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"})
"""Words of the language of expressions, and what stands beside inputs in forms."""
_WORDS = _TAKEN | {"package", "namespace", "return", "var", "void", "while", "true", "false", "null"} | RESERVED


class Fault(NamedTuple):
    """What is wrong with a definition, and where."""

    position: int
    """Of the step, or of the input."""
    field: str
    message: str


def faults_of_inputs(inputs: Sequence[Mapping[str, Any]]) -> list[Fault]:
    if len(inputs) > MOST_INPUTS:
        return [Fault(0, "", f"A workflow has at most {MOST_INPUTS} inputs.")]
    found = [Fault(at, "name", message) for at, message in _wrong_names(inputs)]
    found += [Fault(at, "label", "Say what is asked for.") for at, one in enumerate(inputs) if not one.get("label")]
    found += [
        Fault(at, "type", f"Choose what it is: {', '.join(TYPES)}.")
        for at, one in enumerate(inputs)
        if one.get("type", "text") not in TYPES
    ]
    return found


def faults_of_steps(
    steps: Sequence[Settings], inputs: Sequence[Mapping[str, Any]], tools: Mapping[str, str]
) -> list[Fault]:
    """`tools`: what the profile has, names by id."""
    if not steps:
        return [Fault(0, "", "A workflow has at least one step.")]
    if len(steps) > MOST_STEPS:
        return [Fault(0, "", f"A workflow has at most {MOST_STEPS} steps.")]
    found = [Fault(at, "name", message) for at, message in _wrong_names(steps)]
    named = frozenset(str(one.get("name")) for one in inputs)
    for at, step in enumerate(steps):
        before = frozenset(str(one.get("name")) for one in steps[:at])
        found += _faults_of_step(at, step, Known(named, before, tools))
    return found


def _faults_of_step(at: int, step: Settings, known: Known) -> list[Fault]:
    kind = KINDS.get(str(step.get("kind")))
    if kind is None:
        return [Fault(at, "kind", f"Choose what the step does: {', '.join(KINDS)}.")]
    try:
        kind.check(step, known)
    except StepProblem as problem:
        return [Fault(at, problem.field or "", problem.message)]
    return []


def _wrong_names(named: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    found, seen = [], set()
    for at, one in enumerate(named):
        name = one.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            found.append((at, _NAMED))
        elif name in _WORDS:
            found.append(
                (at, f"“{name}” is taken, by expressions or by what a run is started with. Choose another name.")
            )
        elif name in seen:
            found.append((at, f"There is another “{name}”. Give each a name of its own."))
        seen.add(name)
    return found


def checked_inputs(inputs: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a run is started with. Raises StepProblem beside the input."""
    known = {str(one["name"]) for one in inputs}
    for name in given:
        if name not in known:
            raise StepProblem(f"This workflow has no input “{name}”.", field=str(name))
    return {str(one["name"]): _checked_input(one, given.get(one["name"])) for one in inputs}


def _checked_input(one: Mapping[str, Any], value: Any) -> Any:
    name, type_ = str(one["name"]), one.get("type", "text")
    if type_ == "yes_no":
        return _as_bool(one, name, value)
    if value is None or value == "":
        if one.get("required"):
            raise StepProblem(f"{one['label']}: say something here.", field=name)
        return None if type_ == "number" else ""
    if type_ == "number":
        return _as_number(one, name, value)
    if not isinstance(value, str) or len(value) > LONGEST_VALUE:
        raise StepProblem(f"{one['label']}: give a text of at most {LONGEST_VALUE} characters.", field=name)
    return value


def _as_bool(one: Mapping[str, Any], name: str, value: Any) -> bool:
    if value in (None, "", "no", "false", False):
        return False
    if value in ("yes", "true", "on", True):
        return True
    raise StepProblem(f"{one['label']}: say yes or no.", field=name)


def _as_number(one: Mapping[str, Any], name: str, value: Any) -> int | float:
    number: int | float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and len(value) <= LONGEST_NUMBER:
        with suppress(ValueError):
            number = int(value) if value.strip().lstrip("-").isdigit() else float(value)
    if number is None or not isfinite(number) or abs(number) > LARGEST:
        raise StepProblem(f"{one['label']}: give a number, such as 1200 or 12.50.", field=name)
    return number
