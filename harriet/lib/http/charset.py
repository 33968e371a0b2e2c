"""Text in the encoding that its sender names, or that it plainly has: JSON is UTF-8, and not everybody knows."""

import codecs

_KNOWN = frozenset(
    {"ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso8859-1", "iso8859-15", "cp1252", "cp1250"}
    | {"cp1251", "koi8-r", "shift_jis", "euc_jp", "gb18030", "gbk", "big5", "euc_kr"}
)
"""Python's names; its other codecs are no encodings of text that anybody sends."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def as_utf8(raw: bytes, charset: str) -> bytes:
    """Without a byte order mark. What is UTF-8 already stays as it is, whatever is said of it; what can't be read in
    the encoding that is named stays as it is too, and is refused where it is parsed."""
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :] if name == "utf-8" else _converted(raw[len(mark) :], name)
    name = _python_name(charset)
    if name.startswith(("utf-16", "utf-32")):  # ASCII with NULs between is valid UTF-8, and not meant
        return _converted(raw, name)
    return raw if name in {"", "utf-8"} or _is_utf8(raw) else _converted(raw, name)


def decoded(raw: bytes, charset: str) -> str:
    """For people: what can't be read shows as such."""
    return as_utf8(raw, charset).decode("utf-8", "replace")


def _converted(raw: bytes, name: str) -> bytes:
    try:
        return raw.decode(name).encode()
    except UnicodeError:
        return raw


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeError:
        return False
    return True


def _python_name(charset: str) -> str:
    try:
        name = codecs.lookup(charset).name if charset else ""
    except (LookupError, ValueError):
        return ""
    return name if name in _KNOWN else ""
