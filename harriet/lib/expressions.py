"""Expressions in CEL, the language of conditions and of what is taken from earlier answers: compiled once, with bounds.

A missing field is an error and never false; whoever asks decides what an error means. Nothing interrupts an expression
that has begun, so what it may cost is bounded before: its length, its loops, and the lists that it may loop over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import cel

from harriet.lib.errors import Problem
from harriet.lib.text import excerpt

LONGEST = 2000
"""Characters."""
MOST_LOOPS = 2
LONGEST_LIST = 1000
"""That an expression with loops is given."""
MOST_BRACKETS = 100
QUOTED = 80
"""Characters of an expression that a sentence quotes."""
_LOOP = re.compile(r"\.\s*(?:map|filter|all|exists|exists_one|transformList|transformMap|transformMapEntry)\s*\(")
_FAILURES = (LookupError, TypeError, ValueError, RuntimeError, ArithmeticError)
"""The library raises whatever fits."""
_SAID = re.compile(r"ERROR: <input>:1:\d+: (.+)")


class ExpressionProblem(Problem):
    """What is wrong with an expression, or why it has no value."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Compiled, with what bounds its cost."""

    text: str
    loops: int
    names: frozenset[str]
    """The variables that it speaks of, those of its own loops among them."""
    _program: cel.Program = field(repr=False, compare=False)

    def value(self, scope: Mapping[str, Any]) -> Any:
        """As JSON knows values. Raises ExpressionProblem when there is none."""
        if self.loops and _longest_list(scope) > LONGEST_LIST:
            raise ExpressionProblem(f"“{excerpt(self.text, QUOTED)}” would loop over more than {LONGEST_LIST} items.")
        try:
            found = self._program.execute(dict(scope))
        except _FAILURES as problem:
            raise ExpressionProblem(f"“{excerpt(self.text, QUOTED)}” has no value: {_why(problem)}") from None
        return as_json(found, self.text)


@lru_cache(1024)
def compiled(text: str) -> Expression:
    """Raises ExpressionProblem with what is wrong, in words for whoever wrote it."""
    if not text.strip():
        raise ExpressionProblem("Write an expression.")
    if len(text) > LONGEST:
        raise ExpressionProblem(f"An expression has at most {LONGEST} characters; this one has {len(text)}.")
    if sum(text.count(one) for one in "([{") > MOST_BRACKETS:
        raise ExpressionProblem(f"An expression has at most {MOST_BRACKETS} brackets.")
    loops = len(_LOOP.findall(text))
    if loops > MOST_LOOPS:
        raise ExpressionProblem(f"An expression loops at most {MOST_LOOPS} times; this one has {loops} loops.")
    try:
        program = cel.compile(text)
    except _FAILURES as problem:
        raise ExpressionProblem(f"“{excerpt(text, QUOTED)}” is no expression in CEL: {_why(problem)}") from None
    return Expression(text, loops, frozenset(program.variables()), program)


def as_json(value: Any, text: str) -> Any:
    """Raises ExpressionProblem for what JSON has no form for."""
    if isinstance(value, dict):
        return {str(key): as_json(one, text) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one, text) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise ExpressionProblem(f"“{excerpt(text, QUOTED)}” gives a value that can't be written as JSON.")


def _longest_list(value: Any) -> int:
    if isinstance(value, Mapping):
        return max((len(value), *(_longest_list(one) for one in value.values())))
    if isinstance(value, list):
        return max((len(value), *(_longest_list(one) for one in value)))
    return 0


def _why(problem: Exception) -> str:
    if isinstance(problem, KeyError):
        return f"there is no “{problem.args[0]}”." if problem.args else "a field is missing."
    said = str(problem)
    found = _SAID.search(said)
    return f"{excerpt((found[1] if found else said.splitlines()[0] if said else type(problem).__name__), 160)}."
