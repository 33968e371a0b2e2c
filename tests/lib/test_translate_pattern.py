"""ECMA-262 patterns, written anew: the same texts match as in a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from harriet.lib.schemas import checker_of
from harriet.lib.schemas.pattern_pieces import Uncheckable
from harriet.lib.schemas.patterns import translated

PATTERNS = [
    *(r"^[\s\S]{1,65536}$", r"^[^]+$", r"^[^]{0,9}$", r"[]", r"^\ud83d\ude00$", r"^\ud83d[\ude00-\udeff]$"),
    *(r"^[\ud83c-\ud83e][\udc00-\udfff]$", r"^\u{1F600}+$", r"a\/b", r"[\-]", r"^[\w.\-]+$", r"^[\w-.]+$"),
    *(r"^(?!-)[a-z-]{1,63}(?<!-)$", r"(?=a)ab", r"(?<!a)b", r"^\p{L}+$", r"^[\p{Lu}\d]+$", r"^\P{L}+$", r"^[^\p{L}]+$"),
    *(
        r"(?<x>a)\k<x>",
        r"(a)\1",
        r"^\d+$",
        r"^\D$",
        r"^\w$",
        r"^\W$",
        r"^\s+$",
        r"^\S+$",
        r"^.$",
        r"\ba",
        r"a\b",
        r"\B",
    ),
    *(r"^\cA$", r"^\0$", r"^\x41\u0042$", r"[\b]", r"^[a-z&&b]$", r"^[[]$", r"^[[a]]$", r"^[~~]$", r"a{2}", r"a{2,}?"),
    *(r"^.{1,5000}$", r"^[a-z][a-z0-9]{0,500}$", r"^\p{L}{1,900}$", r"^(?:a|b){3}$", r"^(.|\n){2,300}$", r"^(?:)$"),
    *(r"^#$", r"^ $", r"^\$$", r"a|b|", r"^[^\x00-\x1f]*$", r"^\S+@\S+\.\S+$", r"^(?:[a-z]+-)*[a-z]+$", r"^[+\-*/]$"),
]
TEXTS = [
    *(
        "",
        "a",
        "b",
        "ab",
        "aa",
        "aab",
        "é",
        "٣",
        "3",
        "😀",
        "😀😀",
        "\ufeff",
        "\u00a0",
        "\n",
        "\r",
        "\u2028",
        "a\nb",
        "-",
    ),
    *("-a", "a-b", "[", "]", "[]", "a]", "&", "~", "\x00", "\x01", "\x08", "AB", "A", "a/b", "a.b", "#", " ", "$"),
    *("abc", "bab", "x@y.z", "漢", "a1", "1a", "aéb", "\t", "_", "x" * 400, "x" * 6000, "{", "+", "🇩🇪", "ßa", "aba"),
]


def ours(pattern: str, text: str) -> bool | None:
    return checker_of({"pattern": pattern}, 50).check(text, len(text)).fits


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bool]]:
    """What JavaScript says of each pattern and text."""
    node = shutil.which("node")
    assert node, "Node.js is needed, as for the other tests with JavaScript clients"
    script = Path(tmp_path_factory.mktemp("node")) / "patterns.mjs"
    script.write_text(
        "let input = ''; for await (const part of process.stdin) input += part;"
        "const { patterns, texts } = JSON.parse(input);"
        "const isOfHalves = (p) => /\\\\ud[89ab].{2,7}\\[\\\\ud/.test(p);"  # only without u do halves mean anything
        "const of = (p) => { try { return new RegExp(p, isOfHalves(p) ? '' : 'u') } catch { return new RegExp(p) } };"
        "const said = patterns.map((p) => [p, texts.map((t) => of(p).test(t))]);"
        "console.log(JSON.stringify(Object.fromEntries(said)))"
    )
    asked = json.dumps({"patterns": PATTERNS, "texts": TEXTS})
    done = subprocess.run([node, str(script)], input=asked, capture_output=True, text=True, check=True, timeout=60)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_what_it_matches_in_javascript(pattern: str, browsers: dict[str, list[bool]]) -> None:
    assert [ours(pattern, text) for text in TEXTS] == browsers[pattern]


NOT_ECMA = [
    "(",
    "a)",
    "[a",
    "*a",
    "a**",
    "a++",
    "x{2}{3}",
    "(?>a)",
    "(?#c)",
    r"\h",
    r"\A",
    r"\Z",
    r"\8",
    r"\k<x>",
    "[b-a]",
    "\\",
]


@pytest.mark.parametrize(
    "pattern", [*NOT_ECMA, "a{3,2}", r"\p", r"\x4", r"^\ud83d[\ude00-\udeff]+$", "(" * 60 + ")" * 60, "a" * 10_001]
)
def test_what_is_no_pattern_or_costs_too_much_is_said(pattern: str) -> None:
    with pytest.raises(Uncheckable) as said:
        translated(pattern)
    assert str(said.value)


def test_what_a_pattern_weighs_is_known_before_it_is_compiled() -> None:
    assert translated(r"^[\s\S]{1,65536}$").weight == 0
    assert translated("^[a-z0-9]{1,64}$").weight == 64
    for bomb in ("((a{1,100}){1,100}){1,100}", "(?:a{1,1000}){1,1000}", r"(?:\p{L}{1,100}x){1,100}"):
        with pytest.raises(Uncheckable):
            translated(bomb)
