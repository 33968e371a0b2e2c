"""What docs/, README.md and CONTRIBUTING.md name is there: files, modules, commands, settings, packages."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.house.source import BASE, ROOTS, parsed, source_files

PAGES = [BASE / "README.md", BASE / "CONTRIBUTING.md", *sorted((BASE / "docs").glob("*.md"))]
TOPS = (*ROOTS, "docs", "static", "templates", "tests")
_FILE = re.compile(r"(?<![\w/.<>:-])[\w-]+(?:/[\w.-]+)*\.(?:py|mjs|md|toml|html|css|svg|lock)(?![\w/<])")
_FOLDER = re.compile(rf"(?<![\w/.<>:-])(?:{'|'.join(TOPS)}|gateway)/(?:[\w-]+/)*(?![\w<.*-])")
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_MODULE = re.compile(rf"`((?:{'|'.join(ROOTS)})(?:\.\w+)+)(?<!\.key)(?:\(\))?`")
_MAKE = re.compile(r"(?:`|^\s*|\d )make ([a-z-]+)", re.MULTILINE)
_MANAGE = re.compile(r"manage\.py ([a-z_]+)")
_SETTING = re.compile(r"\b(?:HARRIET|EMAIL|DATABASE)_[A-Z_]+[A-Z]\b")


@cache
def _paths() -> frozenset[str]:
    """Every file and folder of ours, and each end of its path: `gateway/call.py` is harriet/gateway/call.py."""
    tops = [path for top in TOPS for path in (BASE / top).rglob("*") if "__pycache__" not in path.parts]
    own = [path.relative_to(BASE).parts for path in (*tops, *BASE.glob("*"), *(BASE / top for top in TOPS))]
    return frozenset("/".join(parts[start:]) for parts in own for start in range(len(parts)))


@cache
def _texts() -> frozenset[str]:
    """Every plain text in the code: codes of events, names of tasks and of loggers."""
    return frozenset(
        node.value
        for _, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@cache
def _source() -> str:
    others = (BASE / "Makefile", BASE / "gunicorn.conf.py")
    return "\n".join(path.read_text() for path in (*source_files(), *others))


def _is_named_in_code(dotted: str) -> bool:
    """A module, something in a module, or a text of the code such as the name of a task."""
    if dotted in _texts():
        return True
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        place = BASE.joinpath(*parts[:cut])
        file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
        if file.is_file():
            return (
                cut == len(parts)
                or re.search(rf"\b(?:def|class) {parts[cut]}\b|^{parts[cut]}\b", file.read_text(), re.M) is not None
            )
    return False


def _missing(page: Path) -> Iterator[str]:
    text = page.read_text()
    targets = {found[1] for found in re.finditer(r"^([a-z][a-z-]*):", (BASE / "Makefile").read_text(), re.MULTILINE)}
    yield from (path for path in _FILE.findall(text) if path not in _paths())
    yield from (path for path in _FOLDER.findall(text) if path.rstrip("/") not in _paths())
    yield from (link for link in _LINK.findall(text) if not (page.parent / link).exists())
    yield from (name for name in _MODULE.findall(text) if not _is_named_in_code(name))
    yield from (f"make {name}" for name in _MAKE.findall(text) if name not in targets)
    yield from (f"manage.py {name}" for name in _MANAGE.findall(text) if name not in get_commands())
    yield from (name for name in _SETTING.findall(text) if name.removesuffix("_FILE") not in _source())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(BASE)))
def test_what_a_page_names_is_there(page: Path) -> None:
    assert sorted(set(_missing(page))) == []


@pytest.mark.parametrize(
    "named",
    [
        "`harriet/gateway/nowhere.py`",
        "see connectors/elsewhere/",
        "[page](nowhere.md)",
        "`vault.nowhere`",
        "`vault.seal.nothing`",
        "`make nothing`",
        "`manage.py nothing`",
        "HARRIET_NOTHING",
    ],
)
def test_what_is_not_there_is_found(named: str, tmp_path: Path) -> None:
    """Each way of naming something is looked at."""
    page = tmp_path / "page.md"
    page.write_text(f"Read {named}, `manage.py start`, `vault.seal.seal` and harriet/gateway/call.py.\n")
    assert len(set(_missing(page))) == 1


def test_each_package_has_its_reason() -> None:
    """The README's table names what pyproject.toml installs for those who run Harriet, and nothing else."""
    project = tomllib.loads((BASE / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["otel"]]
    table = (BASE / "README.md").read_text().partition("| package | why |")[2]
    named = {name.strip() for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for name in row.split(",")}
    assert named - {"---"} == {re.split(r"[\[<>=]", one)[0] for one in wanted}
