"""How the house is built, in figures: `python -m tests.house.report [FOLDER]`. A report and no limit: sizes are judged
by reading, circles by the contract in pyproject.toml.
"""

import ast
import sys
from collections import Counter
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from grimp import build_graph

from tests.house.source import ROOTS, source_files

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Shape(NamedTuple):
    """Sizes are in lines."""

    files: int
    lines: int
    largest_file: int
    fullest_folder: int
    """How many files lie flat in one folder."""
    functions: int
    median: int
    p90: int
    p99: int
    longest: int
    circles: int
    """How many imports would have to go for no two siblings, files or folders, to import each other in a loop."""


def functions_in(path: Path) -> list[int]:
    """The lengths of the functions and methods in a file, decorators and docstrings included."""
    nodes = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function))
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for node in nodes]


def shape_of(base: Path, *roots: str) -> Shape:
    files = list(source_files(base, *roots))
    lines = [len(path.read_text().splitlines()) for path in files]
    functions = sorted(length for path in files for length in functions_in(path))
    cuts = [round(cut) for cut in quantiles(functions, n=100)]
    return Shape(
        *(len(files), sum(lines), max(lines), max(Counter(path.parent for path in files).values()), len(functions)),
        *(cuts[49], cuts[89], cuts[98], functions[-1]),
        circles=sum(circles_below(root) for root in roots),
    )


def circles_below(root: str) -> int:
    graph = build_graph(*ROOTS, include_external_packages=False)
    packages = [name for name in graph.modules if name == root or name.startswith(f"{root}.")]
    return sum(len(graph.nominate_cycle_breakers(name)) for name in packages if len(graph.find_children(name)) > 1)


def main() -> None:
    base = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    sys.path.insert(0, str(base))
    print(f"{'':12}", *(f"{name:>14}" for name in Shape._fields))
    for roots in (*((root,) for root in ROOTS), ROOTS):
        name = roots[0] if len(roots) == 1 else "the house"
        print(f"{name:12}", *(f"{figure:14,}" for figure in shape_of(base, *roots)))


if __name__ == "__main__":
    main()
