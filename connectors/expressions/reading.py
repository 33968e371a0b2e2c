"""What can be told of a condition without evaluating it: what it speaks of, and a bound for what it can cost.

The evaluator can't be stopped once it runs, so what has no bound is refused here. Lists are gone through by `all`,
`exists` and `exists_one` alone (`map` and `filter` build lists, which costs their square), one inside another once;
regular expressions are written out, and short.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cel

from connectors.expressions.catalogue import ARGS, LISTS, PATHS, ROOTS
from connectors.expressions.tokens import Token, tokens_of, wrong

LONGEST = 1000
"""Characters."""
MOST_WORDS = 250
DEEPEST = 20
LONGEST_PATTERN = 100
MOST_PATTERNS = 3
MOST_REPEATS = 32
"""The upper bounds of all counted repetitions of a pattern, multiplied."""
_MACROS = frozenset({"all", "exists", "exists_one"})
_FUNCTIONS = frozenset({"has", "size", "int", "uint", "double"})
_METHODS = frozenset({"size", "startsWith", "endsWith", "contains", "matches"})
_WORDS = frozenset({"true", "false", "null", "in"})
_EQUALITIES = frozenset({"==", "!="})
_KINDS = {"true": "bool", "false": "bool", "null": "null"}
_OPEN, _CLOSE = {"(": ")", "[": "]", "{": "}"}, ")]}"
_REPEATS = re.compile(r"\{\s*(\d*)\s*,?\s*(\d*)\s*\}")

Path = tuple[str, ...]


class Term(NamedTuple):
    """Of a bound for the cost: so many times the size of the arguments, to a power, times the longest list among the
    attributes, to another."""

    times: int
    power: int
    of_attributes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A condition that was found good."""

    program: cel.Program
    needed: frozenset[Path]
    """Paths below `args` that have to be there: named, and not asked for with `has`."""
    arguments: frozenset[str]
    """The names right below `args`."""
    matched: frozenset[Path]
    """Paths whose text is held against a regular expression."""
    kinds: tuple[tuple[Path, frozenset[str]], ...]
    """Paths that are compared for equality, and what with: "text", "number", "bool", "null". CEL calls values of
    different kinds merely unequal, and a server may still take ["a"] or "1" for what was meant."""
    terms: tuple[Term, ...]

    def cost(self, size: int, longest: int) -> int:
        """At most: of arguments of that size, with that many entries in the longest list of the attributes."""
        return sum(term.times * size**term.power * longest**term.of_attributes for term in self.terms)


@dataclass(slots=True)
class _Lambda:
    """Of a macro that goes through a list: until its closing bracket `variable` is an entry."""

    variable: str
    depth: int
    is_over_arguments: bool


@lru_cache(2048)
def read(expression: str) -> Reading:
    """Raises ConnectorError with what is wrong, and where."""
    if len(expression) > LONGEST:
        raise wrong(f"A condition has at most {LONGEST:,} characters; this one has {len(expression):,}")
    if not expression.strip():
        raise wrong("Write a condition")
    return _Reader(expression).reading()


class _Reader:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = tokens_of(expression)
        if len(self._tokens) > MOST_WORDS:
            raise wrong(f"A condition has at most {MOST_WORDS} words and signs; this one has {len(self._tokens)}")
        self._open: list[str] = []
        self._lambdas: list[_Lambda] = []
        self._needed: set[Path] = set()
        self._asked_for: set[Path] = set()
        self._matched: set[Path] = set()
        self._compared: dict[Path, frozenset[str]] = {}
        self._terms: Counter[tuple[int, int]] = Counter({(1, 0): 1})
        self._patterns = 0

    def reading(self) -> Reading:
        at = 0
        while at < len(self._tokens):
            at = self._step(at)
        try:
            program = cel.compile(self._expression)
        except ValueError:
            raise wrong(self._unreadable()) from None
        paths = self._needed | self._asked_for
        needed = {path for path in self._needed if not any(path[: len(one)] == one for one in self._asked_for)}
        return Reading(
            program=program,
            needed=frozenset(path for path in needed if path),
            arguments=frozenset(path[0] for path in paths if path),
            matched=frozenset(self._matched),
            kinds=tuple(sorted(self._compared.items())),
            terms=tuple(Term(times, *powers) for powers, times in sorted(self._terms.items())),
        )

    def _unreadable(self) -> str:
        missing = "".join(_OPEN[one] for one in reversed(self._open))
        end = f": “{missing}” is missing at its end" if missing else ""
        return f"This is not a condition in CEL{end}. An example: args.amount > 1000"

    def _step(self, at: int) -> int:
        """Looks at what begins here; returns where it goes on."""
        token = self._tokens[at]
        if token.kind == "name":
            return self._name(at)
        if token.text in _OPEN:
            self._open.append(token.text)
            if len(self._open) > DEEPEST:
                raise wrong(f"Brackets are nested deeper than {DEEPEST} levels", token.at)
            if token.text == "{":
                raise wrong("Maps can't be written in a condition", token.at)
        elif token.text == "-" and self._is_unary(at) and self._kind(at + 1) != "number":
            raise wrong("Write 0 - … here: a minus of its own stands before numbers only", token.at)
        elif token.text in _CLOSE:
            self._close(token)
        elif token.text == ".":
            self._method(at + 1)
            return at + 2
        return at + 1

    def _close(self, token: Token) -> None:
        if not self._open or _OPEN[self._open.pop()] != token.text:
            raise wrong(f"“{token.text}” closes nothing", token.at)
        if self._lambdas and self._lambdas[-1].depth > len(self._open):
            self._lambdas.pop()

    def _name(self, at: int) -> int:
        token = self._tokens[at]
        if self._sign(at + 1) == "(":
            self._function(at)
            return at + 1
        if token.text in _WORDS:
            return at + 1
        path, end = self._path(at)
        entry = next((one for one in self._lambdas if one.variable == token.text), None)
        if entry is not None:
            self._weigh(-int(entry.is_over_arguments), token)
        elif token.text == ARGS:
            self._argument(path, self._tokens[at], is_asked_for=self._is_in_has(at))
            self._compare(path, at, end)
        elif ".".join((token.text, *path)) not in PATHS:
            raise self._unknown(token, path)
        return self._after(at, path, end)

    def _after(self, at: int, path: Path, end: int) -> int:
        """What is done with a path: one of its methods, or nothing."""
        if self._sign(end) != "." or self._sign(end + 2) != "(":
            return end
        token, method = self._tokens[at], self._tokens[end + 1]
        if method.text in _MACROS:
            self._macro(end + 1, is_over_arguments=".".join((token.text, *path)) not in LISTS)
            return end + 5
        if method.text == "matches":
            self._match(end + 1, path if token.text == ARGS else None)
        else:
            self._method(end + 1)
        return end + 2

    def _path(self, at: int) -> tuple[Path, int]:
        """What follows a name: .field and ["field"], until something else comes or a method is called."""
        path: list[str] = []
        end = at + 1
        while True:
            if self._sign(end) == "." and self._kind(end + 1) == "name" and self._sign(end + 2) != "(":
                path.append(self._tokens[end + 1].text)
                end += 2
            elif self._sign(end) == "[" and self._kind(end + 1) == "text" and self._sign(end + 2) == "]":
                path.append(_text_of(self._tokens[end + 1]))
                end += 3
            else:
                return tuple(path), end

    def _argument(self, path: Path, token: Token, *, is_asked_for: bool) -> None:
        (self._asked_for if is_asked_for else self._needed).add(path)
        self._weigh(0, token)

    def _compare(self, path: Path, at: int, end: int) -> None:
        """Keeps what a path is compared with, where that is written out."""
        if self._sign(end) in _EQUALITIES:
            found = {self._kind_of(end + 2 if self._sign(end + 1) == "-" else end + 1)}
        elif self._sign(at - 1) in _EQUALITIES:
            found = {self._kind_of(at - 2)}
        elif self._kind(end) == "name" and self._tokens[end].text == "in" and self._sign(end + 1) == "[":
            close = next((one for one in range(end, len(self._tokens)) if self._sign(one) == "]"), end)
            found = {self._kind_of(one) for one in range(end + 2, close) if self._sign(one) not in (",", "-")}
        else:
            return
        if path and "" not in found:
            self._compared[path] = self._compared.get(path, frozenset()) | found

    def _kind_of(self, at: int) -> str:
        """Of a value that is written out, or of an attribute that is a text; else empty."""
        kind, end, at_kind = self._kind(at), at + 1, ""
        if kind in ("text", "number"):
            at_kind = kind
        elif kind == "name":
            path, end = self._path(at)
            name = ".".join((self._tokens[at].text, *path))
            at_kind = "text" if name in PATHS - LISTS else _KINDS.get(name, "")
        return "" if self._sign(end) in (".", "[") else at_kind

    def _macro(self, at: int, *, is_over_arguments: bool) -> None:
        token, variable = self._tokens[at], self._kind(at + 2) == "name" and self._tokens[at + 2]
        if not variable or self._sign(at + 3) != ",":
            raise wrong(f"{token.text} is written as list.{token.text}(entry, condition on entry)", token.at)
        if variable.text in ROOTS or any(one.variable == variable.text for one in self._lambdas):
            raise wrong(f"“{variable.text}” has a meaning already: call the entry otherwise", variable.at)
        if len(self._lambdas) == 2:
            raise wrong("all, exists and exists_one stand inside each other once at most", token.at)
        self._weigh(0, token)
        self._open.append("(")
        self._lambdas.append(_Lambda(variable.text, len(self._open), is_over_arguments))

    def _weigh(self, less: int, token: Token) -> None:
        """What stands here is looked at once for each entry of the lists around it."""
        power = 1 + less + sum(one.is_over_arguments for one in self._lambdas)
        if power > 2:
            raise wrong("This looks at the arguments once for each pair of their entries: write it simpler", token.at)
        self._terms[power, sum(not one.is_over_arguments for one in self._lambdas)] += 1

    def _function(self, at: int) -> None:
        token = self._tokens[at]
        if token.text not in _FUNCTIONS:
            raise wrong(f"There is no function “{token.text}” here", token.at)
        asked = self._tokens[at + 2].text if self._kind(at + 2) == "name" else ""
        if token.text == "has" and asked != ARGS and all(one.variable != asked for one in self._lambdas):
            raise wrong("has asks for an argument, as in has(args.amount)", token.at)

    def _method(self, at: int) -> None:
        token = self._tokens[at] if at < len(self._tokens) else None
        if token is None or token.kind != "name":
            raise wrong("A name is missing behind the dot", token.at if token else len(self._expression))
        if self._sign(at + 1) == "(" and token.text not in _METHODS:
            raise wrong(f"“{token.text}” can't be asked of this", token.at)
        if self._sign(at + 1) == "(" and token.text == "matches":
            raise wrong("matches asks about an argument or an attribute by its name", token.at)

    def _match(self, at: int, path: Path | None) -> None:
        token = self._tokens[at]
        if self._lambdas:
            raise wrong("matches can't stand inside all, exists or exists_one: use startsWith, endsWith", token.at)
        if self._kind(at + 2) != "text" or self._sign(at + 3) != ")":
            raise wrong("The regular expression of matches is written out as a text", token.at)
        self._patterns += 1
        if self._patterns > MOST_PATTERNS:
            raise wrong(f"A condition has at most {MOST_PATTERNS} regular expressions", token.at)
        _check_pattern(self._tokens[at + 2])
        if path is not None:
            self._matched.add(path)

    def _is_unary(self, at: int) -> bool:
        is_in = self._kind(at - 1) == "name" and self._tokens[at - 1].text == "in"
        return is_in or (self._kind(at - 1) in ("", "sign") and self._sign(at - 1) not in (")", "]"))

    def _is_in_has(self, at: int) -> bool:
        return at >= 2 and self._sign(at - 1) == "(" and self._tokens[at - 2].text == "has"

    def _unknown(self, token: Token, path: Path) -> Exception:
        said = ".".join((token.text, *path))
        if token.text in ROOTS:
            known = sorted(one for one in PATHS if one.startswith(f"{token.text}."))
            return wrong(f"There is no attribute “{said}”. There are {', '.join(known)}", token.at)
        return wrong(f"“{said}” is nothing that a condition knows. An argument is written args.{said}", token.at)

    def _sign(self, at: int) -> str:
        return self._tokens[at].text if 0 <= at < len(self._tokens) and self._tokens[at].kind == "sign" else ""

    def _kind(self, at: int) -> str:
        return self._tokens[at].kind if 0 <= at < len(self._tokens) else ""


def _text_of(token: Token) -> str:
    """The evaluator's own reading of it, escapes and all."""
    try:
        return str(cel.compile(token.text).execute({}))
    except ValueError:
        raise wrong("This text has an escape that CEL doesn't know", token.at) from None


def _check_pattern(token: Token) -> None:
    """What it costs is the length of the text times that of the pattern written out."""
    pattern, repeats = _text_of(token), 1
    if len(pattern) > LONGEST_PATTERN:
        raise wrong(f"A regular expression has at most {LONGEST_PATTERN} characters", token.at)
    for least, most in _REPEATS.findall(pattern):
        repeats *= max(1, int((most or least or "1")[:6]))
    if repeats > MOST_REPEATS:
        raise wrong(f"Its counted repetitions come to {repeats:,} together; {MOST_REPEATS} are the most", token.at)
    try:
        cel.compile(f"''.matches({token.text})").execute({})
    except (ValueError, RuntimeError):
        raise wrong("This is not a regular expression (RE2)", token.at) from None
