"""What a server says in WWW-Authenticate (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1)."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST = 8192
"""Characters that are looked at."""
MOST_SCOPES = 50
_PART = re.compile(
    r"""\s*(?:
        (?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]+))
      | (?P<scheme>[!#$%&'*+.^_`|~0-9A-Za-z-]+)(?=\s|,|$)
      | (?P<other>[^\s,]+)
    )\s*,?""",
    re.VERBOSE,
)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class Challenge(NamedTuple):
    """Of the scheme Bearer; all empty when the server said nothing of it."""

    metadata_url: str = ""
    scopes: tuple[str, ...] = ()
    error: str = ""

    @property
    def wants_more_scopes(self) -> bool:
        return self.error == "insufficient_scope"


NO_CHALLENGE = Challenge()


def read_challenge(header: str) -> Challenge:
    """Never raises: what can't be read says nothing."""
    said: dict[str, str] = {}
    scheme = ""
    for part in _PART.finditer(header[:LONGEST]):
        if part["scheme"]:
            scheme = part["scheme"].lower()
        elif part["name"] and scheme == "bearer":
            value = re.sub(r"\\(.)", r"\1", part["quoted"]) if part["quoted"] is not None else part["plain"]
            said.setdefault(part["name"].lower(), value)
    return Challenge(said.get("resource_metadata", ""), scopes_in(said.get("scope", "")), said.get("error", ""))


def scopes_in(value: object) -> tuple[str, ...]:
    """Of a text with spaces or a JSON list, each once; what is no scope is left out."""
    found = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    fit = [one for one in found if isinstance(one, str) and len(one) <= 200 and _SCOPE.fullmatch(one)]
    return tuple(dict.fromkeys(fit))[:MOST_SCOPES]
