"""Text that came from elsewhere, made safe to look at: nothing in it is invisible."""

import re
import unicodedata
from collections.abc import Iterator

# Unicode's format characters (Cf), other characters without a shape of their own, variation selectors,
# line separators, controls (but tab and newline) and lone surrogates.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


_FLAG = re.compile(
    "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
    "|\U000e0077\U000e006c\U000e0073)\U000e007f"
)
"""Of England, Scotland and Wales: the only pictures that are made of tags."""


def show_hidden(text: str) -> str:
    """Writes characters that can't be seen, or that turn the order of others, as ⟨U+202E⟩."""
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def count_hidden(text: str) -> int:
    """How many characters `show_hidden` would write out."""
    return sum(1 for _ in _HIDDEN.finditer(text))


def hidden_runs(text: str) -> Iterator[str]:
    """Hidden characters that no script and no picture needs where they stand, each run of them as one."""
    run, end = "", -1
    for found in _HIDDEN.finditer(text):
        if _is_needed(text, found.start()):
            continue
        if run and found.start() != end:
            yield run
            run = ""
        run, end = run + found[0], found.end()
    if run:
        yield run


def _is_needed(text: str, place: int) -> bool:
    """Joiners and marks of direction within Arabic or Indic words, and those that make one picture of several."""
    character, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if character == "\ufe0f":
        return bool(before) and (unicodedata.category(before) in {"So", "Sm", "Sk", "Po"} or before in "0123456789#*")
    if character in "\u200c\u200d":
        return all(
            (one > "\u02ff" and unicodedata.category(one)[0] in "LMS") or one == "\ufe0f" for one in (before, after)
        )
    if character >= "\U000e0000":
        flag = text.rfind("\U0001f3f4", max(0, place - 6), place)
        return flag >= 0 and _FLAG.match(text, flag) is not None
    return character in "\u200e\u200f" and any(unicodedata.bidirectional(one) in {"R", "AL"} for one in (before, after))


def storable(text: str) -> str:
    """Without what PostgreSQL has no room for: NUL, and half of a surrogate pair, which becomes a question mark."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def excerpt(text: str, length: int) -> str:
    """The beginning of a foreign text, on one line and with nothing hidden, for a sentence of ours."""
    line = " ".join(show_hidden(text[: length + 1]).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def quoted(text: str, length: int) -> str:
    """Foreign text in a sentence of ours."""
    return f"“{excerpt(text, length)}”"
