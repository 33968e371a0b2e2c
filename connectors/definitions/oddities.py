"""Points out what in a definition speaks to an AI instead of about the tool, hides, or could carry something away.

Pure, and bounded: a server chooses what is read here. It proves nothing in either direction; it says where a person
should look.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from connectors.definitions.dressed_text import as_said, encoded_in, without_hidden
from connectors.definitions.oddity_kinds import (
    ALPHABETS,
    CARRIES,
    CARRYING_NAME,
    CARRYING_TEXT,
    ENCODED,
    HIDDEN,
    LOWERED,
    RENAMED,
    TEXTS,
    TWO_ALPHABETS,
    UNREAD,
    Kind,
    Weight,
)
from connectors.definitions.risk import is_lower, propose_risk
from connectors.models import Tool
from harriet.lib.text import hidden_runs

LONGEST_TEXT = 20_000
"""Characters of one text."""
LARGEST = 60_000
"""Characters of one definition."""
MOST_NODES = 10_000
MOST = 40
"""What is pointed out of one definition."""
MOST_LOOKED_AT = 2_000
LONGEST_QUOTE = 300

_NOT_READ = {"$schema", "$ref", "$id", "pattern"}
_NO_TEXT = {"integer", "number", "boolean", "null"}
_NAMING = {"properties", "patternProperties", "arguments", "annotations", "_meta", "$defs", "definitions"}
"""What holds names that the server chose."""
_SCHEMA_WORDS = {"properties", "patternProperties", "items", "anyOf", "oneOf", "allOf", "$defs", "definitions"}


class Oddity(NamedTuple):
    """One thing that is pointed out."""

    kind: Kind
    where: str
    """In words: “description”, “argument context, description”."""
    text: str
    """As it stands there, to be marked in place; empty when it is about more than some words."""

    @property
    def speaks(self) -> bool:
        return self.kind.weight == Weight.SPEAKS

    @property
    def key(self) -> str:
        """Names it in a form: a person looked at this one, and at no other."""
        return hashlib.sha256(
            "\0".join((self.kind.code, self.where, self.text)).encode("utf-8", "replace")
        ).hexdigest()[:16]

    @property
    def quote(self) -> str:
        return self.text if len(self.text) <= LONGEST_QUOTE else f"{self.text[:LONGEST_QUOTE]}…"


def oddities_in(definition: Mapping[str, Any]) -> list[Oddity]:
    """What is pointed out of one definition, what speaks to the AI first."""
    found = dict.fromkeys(islice(_found_in(definition), MOST_LOOKED_AT))
    return sorted(list(found)[:MOST], key=lambda oddity: not oddity.speaks)


def marks_of(oddities: Iterable[Oddity]) -> list[str]:
    """What is marked in a text, and in a line of JSON that holds it."""
    texts = [one.text for one in oddities if one.text]
    return [*dict.fromkeys([*texts, *(json.dumps(text, ensure_ascii=False)[1:-1] for text in texts)])]


def oddities_of_change(before: Mapping[str, Any], after: Mapping[str, Any], kind: str = Tool.Kind.TOOL) -> list[Oddity]:
    """What a change brought: what stood there before was looked at when it was accepted."""
    known = {(one.kind.code, one.where, one.text) for one in oddities_in(before)}
    new = [one for one in oddities_in(after) if (one.kind.code, one.where, one.text) not in known]
    return [*_shifts(before, after, kind), *new]


def _shifts(before: Mapping[str, Any], after: Mapping[str, Any], kind: str) -> Iterator[Oddity]:
    """What the server says of the tool, rather than in it."""
    was, now = propose_risk(before, kind).risk, propose_risk(after, kind).risk
    hint = _milder_hint(_hints(before), _hints(after))
    if is_lower(now, was):
        yield Oddity(LOWERED, f"risk, from {was.label} to {now.label}", hint)
    elif hint:
        yield Oddity(LOWERED, "annotations", hint)
    if before.get("title") != after.get("title") and before.get("title"):
        yield Oddity(RENAMED, "title", str(after.get("title") or ""))


def _hints(definition: Mapping[str, Any]) -> dict[str, Any]:
    annotations = definition.get("annotations")
    return dict(annotations) if isinstance(annotations, Mapping) else {}


def _milder_hint(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The annotation that now says less of what the tool does; empty when none does."""
    if after.get("readOnlyHint") is True and before.get("readOnlyHint") is not True:
        return "readOnlyHint"
    return "destructiveHint" if _no_longer_destroys(before, after) else ""


def _no_longer_destroys(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return before.get("destructiveHint") is not False and after.get("destructiveHint") is False


def _found_in(definition: Mapping[str, Any]) -> Iterator[Oddity]:
    yield from _carrying(definition)
    read = 0
    for path, text in _texts(_with_named_arguments(definition)):
        part = text[: max(0, min(LONGEST_TEXT, LARGEST - read))]
        read += len(part)
        yield from (Oddity(kind, words_for(path), words) for kind, words in _in_text(part, is_icon="icons" in path))
        if len(part) < len(text):
            yield Oddity(UNREAD, words_for(path if part else ()), "")
        if not part and text:
            return


def _with_named_arguments(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """A prompt's arguments by their names, as a tool's are."""
    listed = definition.get("arguments")
    if not isinstance(listed, list):
        return definition
    named = {
        str(one.get("name", place)) if isinstance(one, Mapping) else str(place): one for place, one in enumerate(listed)
    }
    return {**definition, "arguments": named}


def _in_text(text: str, *, is_icon: bool) -> Iterator[tuple[Kind, str]]:
    yield from ((HIDDEN, run) for run in hidden_runs(text))
    if is_icon:  # pictures are addresses or encoded
        return
    plain, places = without_hidden(text)
    found = list(_kinds_in(plain))
    known = {kind.code for kind, _, _ in found}
    yield from ((kind, text[places[start] : places[end - 1] + 1]) for kind, start, end in found)
    said, origins = as_said(plain)
    for kind, start, end in _kinds_in(said) if origins else ():
        if kind.code not in known:
            yield kind, text[places[origins[start]] : places[origins[end - 1]] + 1]
    yield from ((ENCODED, one) for one in encoded_in(text))
    if not text.isascii():
        yield from ((ALPHABETS, match[0]) for match in TWO_ALPHABETS.finditer(text))


def _kinds_in(text: str) -> Iterator[tuple[Kind, int, int]]:
    small = text.lower()
    for kind in TEXTS:
        found = kind.pattern.finditer(text) if kind.pattern and any(sign in small for sign in kind.signs) else ()
        yield from ((kind, match.start(), match.end()) for match in found)


def _texts(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text with its way there, and every name that the server chose itself; in the definition's order."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), value)]
    for _ in range(MOST_NODES):
        if not stack:
            return
        path, inner = stack.pop()
        if len(path) > 1 and path[-2] in _NAMING:
            yield (*path, "name"), path[-1]
        elif path and " " in path[-1]:
            yield path, path[-1]
        if isinstance(inner, str):
            yield path, inner
        elif isinstance(inner, Mapping):
            below = [((*path, str(key)), one) for key, one in inner.items() if not _is_address(key, one)]
            stack.extend(reversed(below))
        elif isinstance(inner, list):
            stack.extend(((*path, str(place)), one) for place, one in reversed(list(enumerate(inner))))
    yield (), " " * (LONGEST_TEXT + 1)


def _is_address(key: Any, value: Any) -> bool:
    """Or a pattern. An argument may have such a name too, and a text may stand where none belongs."""
    return key in _NOT_READ and isinstance(value, str) and " " not in value


def _carrying(definition: Mapping[str, Any]) -> Iterator[Oddity]:
    for path, name, about in _arguments(definition):
        kinds = about.get("type")
        if (isinstance(kinds, str) and kinds in _NO_TEXT) or "enum" in about or "const" in about:
            continue
        described = str(about.get("description") or "")[:LONGEST_TEXT]
        if CARRYING_NAME.match(name):
            yield Oddity(CARRIES, words_for((*path, name)), name)
        elif match := CARRYING_TEXT.search(described):
            yield Oddity(CARRIES, words_for((*path, name, "description")), match[0])


def _arguments(definition: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, Mapping[str, Any]]]:
    """What a call takes: of tools, however deep, and of prompts."""
    listed = definition.get("arguments")
    for one in listed[:MOST_NODES] if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            yield ("arguments",), str(one.get("name", "")), one
    stack: list[tuple[tuple[str, ...], Any]] = [(("inputSchema",), definition.get("inputSchema"))]
    for _ in range(MOST_NODES):
        if not stack:
            return
        path, schema = stack.pop()
        if not isinstance(schema, Mapping):
            continue
        properties = schema.get("properties")
        for name, about in properties.items() if isinstance(properties, Mapping) else ():
            if isinstance(about, Mapping):
                yield path, str(name), about
                stack.append(((*path, str(name)), about))
        stack.append((path, schema.get("items")))


def words_for(path: tuple[str, ...]) -> str:
    """ "description", "argument notes, description", "result total, title"."""
    if not path:
        return "the whole definition"
    first, rest = path[0], [part for part in path[1:] if part not in _SCHEMA_WORDS]
    noun = {"inputSchema": "argument", "arguments": "argument", "outputSchema": "result"}.get(first)
    if noun is None or not rest:
        return ", ".join(path)
    is_text = rest[-1] in {"description", "title", "name", "default", "examples"} and len(rest) > 1
    named = ".".join(rest[:-1] if is_text else rest)
    return f"{noun} {named}, {rest[-1]}" if is_text else f"{noun} {named}"
