"""Text of a server as an AI reads it: without what hides in it, names as words, and what is encoded in it."""

from __future__ import annotations

import re
import unicodedata
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from urllib.parse import unquote

from connectors.definitions.oddity_kinds import ENCODED_TEXT, ESCAPED, SAME_LOOKS, SMALL_CAPITALS, TWO_ALPHABETS
from harriet.lib.text import hidden_runs

LONGEST_NAME = 300
_MARKS = frozenset("_*`")
_URL_SAFE = str.maketrans("+/", "-_")


def without_hidden(text: str) -> tuple[str, Sequence[int]]:
    """As an AI reads it, letters in other dress as themselves; each with its place."""
    if text.isascii() and text.isprintable():
        return text, range(len(text))
    hidden = {character for run in hidden_runs(text) for character in run}
    kept = [(place, one) for place, one in enumerate(text) if one not in hidden and not "\u0300" <= one <= "\u036f"]
    plain = "".join(map(_plain, (one for _, one in kept)))
    return TWO_ALPHABETS.sub(lambda word: word[0].translate(SAME_LOOKS), plain), [place for place, _ in kept]


def _plain(character: str) -> str:
    if character.isascii():
        return character
    other = SMALL_CAPITALS.get(character) or unicodedata.normalize("NFKC", character)
    return other if len(other) == 1 else character


def as_said(text: str) -> tuple[str, Sequence[int]]:
    """Names as the words that they are made of, and text without its marks of emphasis; each character with its place.
    No places when it is the same."""
    is_name = len(text) <= LONGEST_NAME and not any(map(str.isspace, text))
    if not is_name and not _MARKS.intersection(text):
        return text, ()
    said: list[tuple[str, int]] = []
    for place, one in enumerate(text):
        if is_name and one.isupper() and place and text[place - 1].islower():
            said.append((" ", place))
        if one not in "*`":
            said.append((" " if one == "_" or (is_name and one in "-.") else one, place))
    return "".join(one for one, _ in said), [place for _, place in said]


def encoded_in(text: str) -> list[str]:
    """What people can't read and an AI may decode."""
    found = dict.fromkeys(match[0] for match in ENCODED_TEXT.finditer(text) if _is_encoded(match[0]))
    found |= dict.fromkeys(match[0] for match in ESCAPED.finditer(text) if _says_something(match))
    return list(found)


def _says_something(match: re.Match[str]) -> bool:
    """Decoded, it is a text of several words: an id, a digest or a token is not."""
    escaped = match[0]
    try:
        if match["base64"]:
            said = urlsafe_b64decode(escaped.rstrip("=").translate(_URL_SAFE) + "=" * (-len(escaped.rstrip("=")) % 4))
        elif match["hex"]:
            said = bytes.fromhex(escaped)
        else:
            return not match["percent"] or " " in unquote(escaped)
    except ValueError:
        return False
    return said.isascii() and b" " in said and said.decode("ascii").isprintable()


def _is_encoded(text: str) -> bool:
    """Not a long word, an address or a row of dashes: capital and small letters and digits throughout."""
    if text.startswith("\\x"):
        return True
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(sum(map(kind, text)) * 20 >= len(text) for kind in kinds) and text.count("/") * 12 < len(text)
