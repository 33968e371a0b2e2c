"""Text as it reads: escapes, entities and percent signs undone, then only its letters and digits, in lower case.

Whoever writes `S\\u0065cret`, `s%2565cret`, `s&#101;cret`, `S E C R E T` or full-width letters ends at the same six
letters. Each step is linear in the text, and the number of steps is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from html.entities import html5
from typing import NamedTuple
from unicodedata import is_normalized, normalize

ROUNDS = 6
"""So often each kind of encoding is undone, beside the JSON of the message itself."""

_LOWER = bytes(range(256)).lower()
_IGNORED = bytes(byte for byte in range(256) if byte > 127 or not chr(byte).isalnum())
_BACKSLASH = re.compile(
    r"\\(?:([\"'\\/bfnrtv])|u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})"
    r"|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|u\{0{0,8}([0-9A-Fa-f]{1,6})\}|U00([0-9A-Fa-f]{6})|([01][0-7]{2}))"
)
_BRACES = re.compile(r"\\u\{0{0,4}([0-9A-Fa-f]{2})\}")
_PERCENT = re.compile(r"%(?:([0-7][0-9A-Fa-f])|u([0-9A-Fa-f]{4}))|((?:%[89A-Fa-f][0-9A-Fa-f])+)")
_ENTITY = re.compile(r"&(?:#([0-9]{1,8})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));?")
_SHOWN = re.compile("⟨U\\+([0-9A-F]{4,6})⟩")
"""What `harriet.lib.text` makes of hidden characters."""
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_FREQUENT = (("&nbsp;", " "), ("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&amp;", "&"))
_MANY = 4000
"""From so many signs on, `quick_layers` may lose a digit beside one that encodes nothing."""
_MARKS = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
"""Stand for something else meanwhile: Unicode keeps these for a program's own use, no text has them."""


def skeleton(text: str) -> bytes:
    """The ASCII letters and digits in lower case. Letters with accents may be left out; wide ones count as plain."""
    if not text.isascii() and not is_normalized("NFKC", text):
        text = normalize("NFKD", text)
    return text.encode("ascii", "ignore").translate(_LOWER, _IGNORED)


def folded(text: str) -> bytes:
    """The same, with the plain letter of each accented one. What two texts fold to, their sum folds to as well."""
    if not text.isascii():
        text = normalize("NFKD", text)
    return text.encode("ascii", "ignore").translate(_LOWER, _IGNORED)


def layers(text: str) -> list[str]:
    """The text as it is, and after each kind of encoding was undone, as long as there is something to undo."""
    return _layers(text, _CAREFUL_STEPS)


def quick_layers(text: str) -> list[str]:
    """The same in a time that no text can stretch, for searching only: signs and letters that aren't ASCII may be
    wrong where there are very many."""
    return _layers(text, _QUICK_STEPS)


def _layers(text: str, steps: Iterable[tuple[str, Callable[[str], str]]]) -> list[str]:
    found = [text]
    for _ in range(ROUNDS):
        before = len(found)
        for sign, undo in steps:
            # Without the comparison, a lone sign would count as a layer.
            if sign in text and (after := undo(text)) != text:
                found.append(text := after)
        if len(found) == before:
            break
    return found


def unquoted(json_text: str) -> str:
    """All strings of a JSON text without its escapes, at the speed of C. Not JSON any more: for searching only."""
    if "\\" not in json_text:
        return json_text
    if "\\\\" not in json_text:  # most texts have only these two
        json_text = json_text.replace('\\"', '"').replace("\\n", "\n")
        if "\\" not in json_text:
            return json_text
    mark = _MARKS[0]
    return _unescaped(json_text.replace("\\\\", mark).replace("\\/", "/")).replace(mark, "\\")


def _unescaped(text: str) -> str:
    """Python's own escapes are a superset of JSON's, but for pairs of surrogates."""
    text = text.encode("raw_unicode_escape").decode("unicode_escape", "ignore")
    try:
        text.encode()
    except UnicodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return text


def _of_backslash(found: re.Match[str]) -> str:
    if letter := found[1]:
        return _CONTROLS.get(letter, letter)
    if high := found[2]:
        return bytes.fromhex(high + found[3]).decode("utf-16-be")
    if octal := found[8]:
        return chr(int(octal, 8))
    return _character(int(found[4] or found[5] or found[6] or found[7], 16))


def _character(number: int) -> str:
    return chr(number) if number <= 0x10FFFF else ""


def _of_percent(found: re.Match[str]) -> str:
    if run := found[3]:
        return bytes.fromhex(run.replace("%", "")).decode(errors="ignore")
    return chr(int(found[1] or found[2], 16))


def _of_entity(found: re.Match[str]) -> str:
    if name := found[3]:
        return html5.get(name + ";") or found[0]
    return _character(int(found[1]) if found[1] else int(found[2], 16))


def _without_backslashes(text: str) -> str:
    if text.count("\\") < _MANY:
        return _BACKSLASH.sub(_of_backslash, text)
    pair, u, x, octal = _MARKS
    text = _BRACES.sub(r"\\x\1", text.replace("\\\\", pair))
    text = text.replace("\\U000000", x).replace("\\u", u).replace("\\x", x)
    text = text.replace("\\0", octal + "0").replace("\\1", octal + "1")
    for letter in "nrtbfv":
        text = text.replace("\\" + letter, " ")
    text = text.replace("\\", "")
    if u in text or x in text or octal in text:
        text = _unescaped(text.replace(u, "\\u").replace(x, "\\x").replace(octal, "\\"))
    return text.replace(pair, "\\")


def _without_percents(text: str) -> str:
    if text.count("%") < _MANY:
        return _PERCENT.sub(_of_percent, text)
    mark = _MARKS[0]
    return _unescaped(text.replace("\\", mark).replace("%u", "\\u").replace("%", "\\x")).replace(mark, "\\")


def _without_entities(text: str) -> str:
    for entity, plain in _FREQUENT:
        text = text.replace(entity, plain)
    return _ENTITY.sub(_of_entity, text)


class Encoding(NamedTuple):
    """One kind of encoding, and how it is undone."""

    what: str
    """In the words of docs/redaction.md."""
    sign: str
    """Without it in a text there is nothing to do."""
    pattern: re.Pattern[str]
    plain: Callable[[re.Match[str]], str]
    """What stands for what the pattern found."""
    quick: Callable[[str], str]
    """The same for a whole text, in a time that no text can stretch (`quick_layers`)."""


STEPS = (
    Encoding("escapes of JSON and of programming languages", "\\", _BACKSLASH, _of_backslash, _without_backslashes),
    Encoding("percent-encoding", "%", _PERCENT, _of_percent, _without_percents),
    Encoding("HTML entities", "&", _ENTITY, _of_entity, _without_entities),
    Encoding("characters that can't be seen", "⟨", _SHOWN, lambda _: "", partial(_SHOWN.sub, "")),
)
"""One round, in this order. Each step makes a layer."""
_CAREFUL_STEPS = tuple((step.sign, partial(step.pattern.sub, step.plain)) for step in STEPS)
_QUICK_STEPS = tuple((step.sign, step.quick) for step in STEPS)
