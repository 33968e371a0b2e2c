"""docs/reference.md, made from the code: `python -m tests.house.reference`. Every command, every background task with
its clock, every sentence that Harriet refuses something with.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.house.source import BASE, ROOTS, first_sentence, name_of, parsed, text_of

PAGE = BASE / "docs" / "reference.md"
HEAD = """# Reference

Made from the code by `python -m tests.house.reference`; a test fails when it is out of date. Settings are in
[production.md](production.md), metrics in [metrics.md](metrics.md), roles in [people.md](people.md), the events of the
audit log in [audit.md](audit.md), the routes of the API at `/api/v1/`.
"""
SENTENCES = """
What a person, a client or an operator is told when something can't be done, by the file that says it. “…” stands for
what is put in. The class decides how it is told: as a page or a form's message, as JSON of the API, or as an error of
the protocol.
"""


class Row(NamedTuple):
    name: str
    says: str


class Sentence(NamedTuple):
    where: str
    kind: str
    text: str


def page() -> str:
    parts = [HEAD, "## Commands\n", *_table("command", commands()), "\n## Background tasks\n"]
    parts += [*_table("task", tasks()), "\n## Errors\n", *_table("class", error_classes()), SENTENCES]
    by_file = defaultdict(set)
    for sentence in sentences():
        by_file[sentence.where].add(f"- `{sentence.kind}` {sentence.text}")
    for where in sorted(by_file):
        parts += [f"\n### `{where}`\n", *sorted(by_file[where])]
    return "\n".join(parts) + "\n"


def _table(what: str, rows: list[Row]) -> list[str]:
    return [f"| {what} | |", "|---|---|", *(f"| `{row.name}` | {row.says} |" for row in rows)]


def commands() -> list[Row]:
    found = []
    for path, tree in parsed():
        if path.parent.name == "commands" and path.stem != "__init__":
            texts = [
                text_of(node.value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Assign) and name_of(node.targets[0]) == "help"
            ]
            found.append(Row(f"manage.py {path.stem}", texts[0] if texts else ""))
    return sorted(found)


def tasks() -> list[Row]:
    """Each with what queues it: the clock, in seconds, or the code."""
    clock = schedule()
    return sorted(
        Row(name, f"{says} {clock.get(name, 'When something happens that asks for it.')}") for name, says in _tasks()
    )


def _tasks() -> Iterator[Row]:
    for _, tree in parsed():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef):
                continue
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and name_of(decorator) == "shared_task":
                    names = [text_of(keyword.value) for keyword in decorator.keywords if keyword.arg == "name"]
                    yield Row(names[0] if names else node.name, first_sentence(ast.get_docstring(node)))


def schedule() -> dict[str, str]:
    text = (BASE / "harriet" / "settings.py").read_text()
    rows = re.findall(r'"task": "([\w.]+)", "schedule": ([\d.* ]+)\}', text)
    return {name: f"Every {_seconds(number)}." for name, number in rows}


def _seconds(number: str) -> str:
    factors = [float(factor) for factor in number.split("*")]
    total = 1.0
    for factor in factors:
        total *= factor
    return "second" if total == 1 else f"{total:g} s"


def problem_classes() -> dict[str, tuple[str, str]]:
    """Problem and what inherits from it, each with its file and its docstring."""
    bases = {
        node.name: (str(path), [name_of(base) for base in node.bases], first_sentence(ast.get_docstring(node)))
        for path, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"Problem"}
    while more := {name for name, (_, parents, _) in bases.items() if found & set(parents)} - found:
        found |= more
    return {name: (bases[name][0], bases[name][2]) for name in sorted(found)}


def error_classes() -> list[Row]:
    return [Row(name, says) for name, (_, says) in problem_classes().items()]


def sentences() -> Iterator[Sentence]:
    """Calls of those classes, and of the functions that make or raise one, with a sentence among their arguments."""
    classes = set(problem_classes())
    for path, tree in parsed():
        makers = classes | _makers(tree, classes)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (kind := name_of(node)) in makers:
                yield from (Sentence(str(path), kind, text) for text in map(text_of, node.args) if " " in text)


def _makers(tree: ast.Module, classes: set[str]) -> set[str]:
    """A function of this file whose result is raised, or that returns a Problem."""
    raised = {name_of(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {
        node.name for node in functions if node.name in raised or (node.returns and name_of(node.returns) in classes)
    }


def folders_without_a_word() -> list[str]:
    """Packages that don't say in their first line what they hold."""
    inits = (path for root in ROOTS for path in sorted(Path(BASE / root).rglob("__init__.py")))
    return [
        str(path.parent.relative_to(BASE))
        for path in inits
        if not {"migrations", "management", "commands", "templatetags"} & set(path.parts)
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]


if __name__ == "__main__":
    PAGE.write_text(page())
