"""The source of the house, read as Python reads it; nothing is imported."""

import ast
from collections.abc import Iterator
from pathlib import Path

BASE = Path(__file__).resolve().parents[2]
ROOTS = ("harriet", "connectors", "vault", "approvals", "audit")


def source_files(base: Path = BASE, *roots: str) -> Iterator[Path]:
    """Every file of ours but migrations, in order."""
    for root in roots or ROOTS:
        yield from (path for path in sorted((base / root).rglob("*.py")) if "migrations" not in path.parts)


def parsed() -> Iterator[tuple[Path, ast.Module]]:
    """Each file with its path from the project's top."""
    for path in source_files():
        yield path.relative_to(BASE), ast.parse(path.read_text())


def name_of(node: ast.expr) -> str:
    """`Problem` for Problem, errors.Problem and Problem(...)."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def text_of(node: ast.expr | None) -> str:
    """A string as it is written, with … for what is put in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (text_of(node.left) or "…") + (text_of(node.right) or "…")
    return ""


def first_sentence(text: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((text or "").split("\n\n")[0].split())
