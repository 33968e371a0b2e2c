"""Media types as HTTP writes them (RFC 9110 §8.3): any case, spaces, parameters, several in a list."""

from collections.abc import Iterator
from functools import lru_cache

JSON, EVENTS = "application/json", "text/event-stream"
_SEPARATORS = frozenset('"/()<>@,;:\\[]?={}')
_COMMON = 300
"""Characters of a header that is worth remembering; longer ones come from nobody twice."""


def media_type(content_type: str) -> str:
    """`type/subtype` in lower case, "" when there is none. Of several the last one that makes sense counts."""
    return (_type_of if len(content_type) <= _COMMON else _type_of.__wrapped__)(content_type)


def is_json(content_type: str) -> bool:
    """JSON under any of its names: application/json, text/json, application/problem+json, application/json-rpc."""
    kind, _, name = media_type(content_type).partition("/")
    return kind in {"application", "text"} and (name in {"json", "json-rpc"} or name.endswith("+json"))


def is_events(content_type: str) -> bool:
    """A stream of server-sent events (WHATWG HTML §9.2)."""
    return media_type(content_type) == EVENTS


def charset_of(content_type: str) -> str:
    """In lower case, "" when none is named."""
    return (_charset_in if len(content_type) <= _COMMON else _charset_in.__wrapped__)(content_type)


@lru_cache(maxsize=512)
def _type_of(content_type: str) -> str:
    kinds = [_bare(member) for member in _split(content_type, ",")]
    return next((kind for kind in reversed(kinds) if _is_type(kind)), "")


@lru_cache(maxsize=512)
def _charset_in(content_type: str) -> str:
    return dict(_parameters(content_type)).get("charset", "").lower()


def _bare(member: str) -> str:
    return member.partition(";")[0].strip().lower()


def _is_type(text: str) -> bool:
    kind, slash, name = text.partition("/")
    return bool(kind and slash and name) and not any(sign.isspace() or sign in _SEPARATORS for sign in kind + name)


def _parameters(member: str) -> Iterator[tuple[str, str]]:
    """The first of each name comes last, so that a dictionary keeps it."""
    _, *parameters = _split(member, ";")
    for parameter in reversed(parameters):
        name, _, value = parameter.partition("=")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1].replace("\\", "")
        yield name.strip().lower(), value


def _split(text: str, sign: str) -> list[str]:
    """At the sign, but not within quotation marks."""
    if '"' not in text:
        return text.split(sign)
    parts, start, is_quoted, position = [], 0, False, 0
    while position < len(text):
        if text[position] == '"':
            is_quoted = not is_quoted
        elif text[position] == "\\" and is_quoted:
            position += 1
        elif text[position] == sign and not is_quoted:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]
