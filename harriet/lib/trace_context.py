"""The W3C trace context of a client, checked: what is malformed is dropped, the rest goes on to the server.

`traceparent` and `tracestate` come from the request's `_meta` (SEP-414) or else from its HTTP headers (W3C Trace
Context). `baggage` may hold private data, so it goes on only where the client put it into `_meta` itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TRACE_KEYS = ("traceparent", "tracestate", "baggage")

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_STATE_KEY = r"(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})"
_STATE_VALUE = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_STATE_MEMBER = re.compile(rf"[ \t]*({_STATE_KEY})={_STATE_VALUE}[ \t]*")
_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_OCTETS = r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"
_PROPERTY = rf"[ \t]*;[ \t]*{_WORD}(?:[ \t]*=[ \t]*{_OCTETS})?"
_BAGGAGE_MEMBER = re.compile(rf"[ \t]*{_WORD}[ \t]*=[ \t]*{_OCTETS}(?:{_PROPERTY}){{0,16}}[ \t]*")
_MOST_STATES, _LONGEST_STATE = 32, 512
_MOST_BAGGAGE, _LONGEST_BAGGAGE = 64, 8192
"""Members and characters, as W3C Trace Context §3.3.1 and W3C Baggage §3.3.2 have them."""
_LONGEST_PARENT = 256
"""Characters; version 00 has 55."""


def with_trace(meta: dict[str, Any], headers: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The client's `_meta` with valid trace context alone; the same object when there is nothing to change."""
    if (
        "traceparent" not in meta
        and "baggage" not in meta
        and "tracestate" not in meta
        and b"traceparent" not in headers
    ):
        return meta
    others = {key: value for key, value in meta.items() if key not in TRACE_KEYS}
    return {**others, **passed_on(meta, headers)}


def passed_on(meta: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> dict[str, str]:
    """What of the client's trace context goes on to the server, as members of `_meta`."""
    found = {}
    parent, state = _parent(meta.get("traceparent")), meta.get("tracestate")
    if not parent:
        parent, state = _parent(_header(headers, b"traceparent")), _header(headers, b"tracestate")
    if parent:
        found["traceparent"] = parent
        if _is_state(state):
            found["tracestate"] = str(state)
    baggage = meta.get("baggage")
    if _is_baggage(baggage):
        found["baggage"] = str(baggage)
    return found


def _header(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return value.decode("latin-1").strip() if value is not None else None


def _parent(value: object) -> str:
    """In the form of version 00, which a later version's reader is to fall back to; empty when it is none."""
    found = _TRACEPARENT.fullmatch(value) if isinstance(value, str) and len(value) <= _LONGEST_PARENT else None
    if found is None:
        return ""
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not trace.strip("0") or not span.strip("0"):
        return ""
    return f"00-{trace}-{span}-{flags}"


def _is_state(value: object) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_STATE:
        return False
    members = [_STATE_MEMBER.fullmatch(part) for part in value.split(",")]
    keys = [member[1] for member in members if member is not None]
    return len(keys) == len(members) == len(set(keys)) <= _MOST_STATES


def _is_baggage(value: object) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_BAGGAGE:
        return False
    parts = value.split(",")
    return len(parts) <= _MOST_BAGGAGE and all(_BAGGAGE_MEMBER.fullmatch(part) for part in parts)
