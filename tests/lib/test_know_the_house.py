"""What everything stands on knows nothing of what stands on it, says what it does, and has no circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import harriet.lib

ROOT = Path(harriet.lib.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
OUTER_BASES = frozenset({"Protocol", "Formatter", "Filter", "Mapping", "Exception", "HTTPAdapter", "Scheduler"}) | {
    *("RedisCacheClient", "RedisCache", "SafeExceptionReporterFilter")
}
"""What overrides a method of theirs is described there."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parents[1]).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PARTS_OF_QUERIES = {"QuerySet", "Q", "Subquery", "UUIDField", "BuiltinLookup", "IsNull"}


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of every import, within functions and TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.module is not None and not node.level
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def test_nothing_in_lib_knows_a_model() -> None:
    """Not ours, and none of Django's: rows come as querysets that somebody else made. Parts of a query are no model."""
    apps = ("harriet", "connectors", "vault", "approvals", "audit")
    for path in FILES:
        for module, name in imports_of(path):
            where = f"{path}: {module}.{name}"
            assert module.split(".")[0] not in apps or module.startswith("harriet.lib"), where
            assert not module.startswith(("django.contrib", "django.apps")), where
            assert not module.startswith("django.db.models") or name in PARTS_OF_QUERIES, where


def test_lib_has_no_circles() -> None:
    modules = {name_of(path): path for path in FILES}
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        targets = {f"{module}.{leaf}" if f"{module}.{leaf}" in modules else module for module, leaf in imports_of(path)}
        graph[name] = targets & modules.keys()
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def public(body: list[ast.stmt], described: bool, prefix: str = "") -> Iterator[str]:
    """Functions and classes without a docstring, of those that anybody may use."""
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not described:
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            bases = {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases}
            yield from public(node.body, bool(bases & OUTER_BASES), f"{prefix}{node.name}.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_and_public_function_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree) or path == ROOT / "__init__.py"
    assert list(public(tree.body, False)) == []
