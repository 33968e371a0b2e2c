"""Fills what a step's settings leave open: texts with `{{ … }}`, and values that begin with `=`, are expressions over
the run's inputs and the answers of earlier steps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from approvals.runs.steps.base import Known, Scope, StepProblem
from harriet.lib.expressions import Expression, ExpressionProblem, compiled

_HOLE = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)
_OF_RUN = frozenset({"inputs", "steps", "run"})
_INPUT = re.compile(r"\binputs\.(\w+)|\binputs\[\s*[\"']([^\"']+)[\"']\s*\]")
_STEP = re.compile(r"\bsteps\.(\w+)|\bsteps\[\s*[\"']([^\"']+)[\"']\s*\]")


def filled(template: Any, scope: Scope) -> Any:
    """The JSON value with every expression's value in its place. Raises StepProblem when one has none."""
    if isinstance(template, dict):
        return {key: filled(one, scope) for key, one in template.items()}
    if isinstance(template, list):
        return [filled(one, scope) for one in template]
    return _filled_text(template, scope) if isinstance(template, str) else template


def value_of(text: str, scope: Scope) -> Any:
    """Of one expression. Raises StepProblem when it has none."""
    try:
        return compiled(text).value(scope.values)
    except ExpressionProblem as problem:
        raise StepProblem(problem.message) from None


def _filled_text(text: str, scope: Scope) -> Any:
    if text.startswith("="):
        return value_of(text[1:], scope)
    return _HOLE.sub(lambda hole: _as_text(value_of(hole[1].strip(), scope)), text)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_template(template: Any, known: Known, field: str) -> None:
    """Raises StepProblem for an expression that is none, or speaks of what there isn't before this step."""
    for text in expressions_in(template):
        check_expression(text, known, field)


def check_expression(text: str, known: Known, field: str) -> Expression:
    """Raises StepProblem."""
    try:
        expression = compiled(text)
    except ExpressionProblem as problem:
        raise StepProblem(problem.message, field=field) from None
    if not expression.loops and (unknown := sorted(expression.names - _OF_RUN)):
        raise StepProblem(
            f"There is no “{unknown[0]}”: expressions speak of inputs, of steps before this one, and of run.",
            field=field,
        )
    _check_names(_INPUT, text, known.inputs, "This workflow has no input “{}”.", field)
    _check_names(_STEP, text, known.steps, "No step before this one is called “{}”.", field)
    return expression


def expressions_in(template: Any) -> Iterator[str]:
    if isinstance(template, dict):
        for one in template.values():
            yield from expressions_in(one)
    elif isinstance(template, list):
        for one in template:
            yield from expressions_in(one)
    elif isinstance(template, str):
        yield from [template[1:]] if template.startswith("=") else [hole.strip() for hole in _HOLE.findall(template)]


def _check_names(pattern: re.Pattern[str], text: str, known: frozenset[str], sentence: str, field: str) -> None:
    for found in pattern.finditer(text):
        name = found[1] or found[2]
        if name not in known:
            raise StepProblem(sentence.format(name), field=field)
