"""The picture of the house, drawn from the contracts in pyproject.toml: `python -m tests.house.picture` writes
docs/house.svg. What a room holds is the first line of its docstring, so neither can say what the code doesn't.
"""

import ast
import tomllib
from collections.abc import Iterator
from html import escape
from textwrap import wrap
from typing import NamedTuple

from tests.house.source import BASE, first_sentence

PICTURE = BASE / "docs" / "house.svg"
WIDTH, MARGIN, GAP, LINE = 1200, 16, 8, 17
"""In pixels; LINE is the height of a line of text."""
UNDRAWN = {"apps", "management", "migrations"}
"""Django's own rooms, which every app may have."""
CHARACTER = 6.7
"""How wide a letter is at most in the captions' size."""
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .name { font: 600 14px ui-monospace, monospace }
  .room { font: 600 12px ui-monospace, monospace }
  .floor { fill: #f3f4f6; stroke: #c5cad1 }
  .inner { fill: #ffffff; stroke: #c5cad1 }
  .sheet { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6e9ed } .floor { fill: #1b2027; stroke: #4b5563 } .inner { fill: #0f1318; stroke: #4b5563 }
    .sheet { fill: #0b0e12 }
  }
"""


class Layers(NamedTuple):
    """A contract: rows from the top down, each of the modules that stand side by side."""

    container: str
    rows: list[list[str]]


class Box(NamedTuple):
    """Something drawn, and how high it is in pixels."""

    height: int
    svg: str


def contracts() -> dict[str, Layers]:
    """The floors under the empty name, and the order inside each package that has one."""
    settings = tomllib.loads((BASE / "pyproject.toml").read_text())["tool"]["importlinter"]
    layered = [contract for contract in settings["contracts"] if contract["type"] == "layers"]
    return {
        container: Layers(container, [_modules(row) for row in contract["layers"]])
        for contract in layered
        for container in contract.get("containers", [""])
    }


def _modules(row: str) -> list[str]:
    return [name.strip("() ") for part in row.split("|") for name in part.split(":")]


def says(module: str) -> str:
    """The first sentence of a module's or package's docstring."""
    path = BASE.joinpath(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return first_sentence(ast.get_docstring(ast.parse(source.read_text()))) if source.exists() else ""


def drawn() -> str:
    inner = contracts()
    parts, y = [], MARGIN
    for row in inner[""].rows:
        widths = _shares(row, inner)
        boxes = [_floor(module, inner.get(module), width) for module, width in zip(row, widths, strict=True)]
        height = max(box.height for box in boxes)
        x = MARGIN
        for width, box in zip(widths, boxes, strict=True):
            parts.append(f'<g transform="translate({x} {y})">{_rect("floor", width, height)}{box.svg}</g>')
            x += width + GAP
        y += height + GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + MARGIN}" role="img">'
    title = "<title>The floors of the house, from the top down: imports go down only</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", _rect("sheet", WIDTH, y + MARGIN), *parts, "</svg>\n"])


def _shares(row: list[str], inner: dict[str, Layers]) -> list[int]:
    """How wide each of a floor's neighbours is: by what there is to draw in it."""
    weights = [sum(map(len, inner[module].rows)) if module in inner else 4 for module in row]
    free = WIDTH - 2 * MARGIN - GAP * (len(row) - 1)
    return [int(free * weight / sum(weights)) for weight in weights]


def _floor(module: str, layers: Layers | None, width: float) -> Box:
    lines = wrap(says(module), int((width - 2 * GAP) / CHARACTER))
    svg = [_text(module.replace(".", "/"), GAP, LINE + 2, "name")]
    y = LINE + 2 + GAP
    for line in lines:
        y += LINE
        svg.append(_text(line, GAP, y - 6))
    for row in _wrapped(layers.rows if layers else [], width):
        box = _rooms(module, row, width - 2 * GAP)
        svg.append(f'<g transform="translate({GAP} {y})">{box.svg}</g>')
        y += box.height + 4
    return Box(y + GAP, "".join(svg))


def _wrapped(rows: list[list[str]], width: float) -> Iterator[list[str]]:
    """Rows that can be read: no more side by side than there is room for."""
    most = max(1, int(width // 250))
    for row in rows:
        drawn = [name for name in row if name not in UNDRAWN]
        yield from (drawn[start : start + most] for start in range(0, len(drawn), most))


def _rooms(package: str, row: list[str], width: float) -> Box:
    each = (width - GAP * (len(row) - 1)) / len(row)
    columns = [_room(package, name, each) for name in row]
    height = max(box.height for box in columns)
    svg = [
        f'<g transform="translate({place * (each + GAP):.0f} 0)">{_rect("inner", each, height)}{box.svg}</g>'
        for place, box in enumerate(columns)
    ]
    return Box(height, "".join(svg))


def _room(package: str, name: str, width: float) -> Box:
    label = name + ("/" if (BASE.joinpath(*package.split("."), name)).is_dir() else "")
    room = int((width - 2 * GAP) / CHARACTER)
    indent = len(label) + 3
    lines = wrap(says(f"{package}.{name}"), room, initial_indent=" " * min(indent, room - 1))
    svg = [_text(label, GAP, LINE - 3, "room")]
    if lines and room > indent + 12:
        svg.append(_text(lines[0].strip(), GAP + indent * CHARACTER * 1.1, LINE - 3))
        rest = lines[1:]
    else:
        rest = wrap(says(f"{package}.{name}"), room)
    svg += [_text(line, GAP, LINE * (number + 2) - 3) for number, line in enumerate(rest)]
    return Box(LINE * (1 + len(rest)) + 5, "".join(svg))


def _rect(kind: str, width: float, height: float) -> str:
    return f'<rect class="{kind}" width="{width:.0f}" height="{height:.0f}" rx="4"/>'


def _text(text: str, x: float, y: float, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(drawn())
