"""Whether a condition on arguments is good for the tools that it is about: names and types, before it is saved."""

from __future__ import annotations

import json
from collections.abc import Iterable

from connectors.definitions.argument_names import names_in
from connectors.expressions.catalogue import ARGS, samples
from connectors.expressions.evaluate import WRONG_RESULT, WRONG_TYPE, Subject
from connectors.expressions.reading import Reading, read
from connectors.expressions.tokens import wrong
from connectors.inspect.sample_values import NoSample, sample_of
from connectors.models import ToolVersion
from harriet.lib.sentences import some_of

MOST_TRIED = 50
MOST_NAMED = 5


def check_condition(expression: str, versions: Iterable[ToolVersion]) -> None:
    """By the pinned definitions, read with their tools. Raises ConnectorError beside `expression`."""
    reading, found = read(expression), list(versions)
    _check_names(reading, found)
    for version in found[:MOST_TRIED]:
        _try(expression, version)
    if not found and reading.arguments:
        return
    if not found:
        _judge(Subject({}, 2, samples()).answer(expression).undecided, "")


def _check_names(reading: Reading, versions: list[ToolVersion]) -> None:
    """A needed name that a tool doesn't have would make each of its calls wait; one that no tool has is a slip."""
    known = [(str(version.tool), names) for version in versions if (names := names_in(version.definition)) is not None]
    needed = {path[0] for path in reading.needed}
    for name in sorted(reading.arguments):
        without = [tool for tool, names in known if name not in names]
        if not without:
            continue
        if len(without) == len(versions):
            has = sorted({one for _, names in known for one in names})
            raise wrong(f"No tool that this is about has an argument “{name}”. They have {some_of(has, 20)}")
        if name in needed:
            raise wrong(
                f"{some_of(without, MOST_NAMED)} have no argument “{name}”, so each of their calls would wait. Name "
                f"one tool, or begin with has({ARGS}.{name}) &&"
            )


def _try(expression: str, version: ToolVersion) -> None:
    schema = version.definition.get("inputSchema")
    if not isinstance(schema, dict):
        return
    try:
        arguments = sample_of(schema, only_required=False)
    except NoSample:
        return
    answer = Subject(arguments, len(json.dumps(arguments)), samples()).answer(expression)
    _judge(answer.undecided, f" for {version.tool}")


def _judge(undecided: str, whose: str) -> None:
    if undecided in (WRONG_TYPE, WRONG_RESULT):
        raise wrong(f"Tried with made-up arguments{whose}: {undecided}")
