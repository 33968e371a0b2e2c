"""The cookies of one session with a server: balancers set them so that the session's requests stay at one machine.

They belong to that session alone: no other session, connector or host gets them, and nothing is kept on disk (RFC 6265,
as far as one address needs it).
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from time import monotonic, time
from typing import NamedTuple
from urllib.parse import urlsplit

MOST, LONGEST = 20, 4096
"""Cookies of a session; characters of one."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x21-\x2b\x2d-\x3a\x3c-\x7e ,]*")
_FOREVER = float("inf")


class _Cookie(NamedTuple):
    value: str
    good_until: float


class Cookies:
    """Of requests to one URL."""

    __slots__ = ("_cookies", "_host", "_is_secure", "_path")

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = (parts.hostname or "").lower()
        self._is_secure = parts.scheme == "https"
        self._path = parts.path or "/"
        self._cookies: dict[str, _Cookie] = {}

    def __len__(self) -> int:
        return len(self._cookies)

    def __repr__(self) -> str:
        return f"Cookies({', '.join(self._cookies)})"

    def take(self, headers: list[str]) -> None:
        """What `Set-Cookie` says; cookies for other places, and more than anybody needs, are left."""
        for header in headers:
            pair, _, rest = header.partition(";")
            name, equals, value = (part.strip() for part in pair.partition("="))
            if equals and len(header) <= LONGEST and _NAME.fullmatch(name) and _VALUE.fullmatch(value):
                self._set(name, value, _attributes(rest))

    def beside(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers with these cookies after the credential's own, which they don't replace."""
        now = monotonic()
        own = headers.get("Cookie", "")
        taken = {one.partition("=")[0].strip() for one in own.split(";")}
        pairs = [
            f"{name}={cookie.value}"
            for name, cookie in self._cookies.items()
            if cookie.good_until > now and name not in taken
        ]
        together = "; ".join([own, *pairs] if own else pairs)
        return {**headers, "Cookie": together} if together else headers

    def _set(self, name: str, value: str, attributes: dict[str, str]) -> None:
        if not self._is_for_us(name, attributes):
            return
        good_until = _good_until(attributes)
        if good_until <= monotonic():
            self._cookies.pop(name, None)
        elif name in self._cookies or len(self._cookies) < MOST:
            self._cookies[name] = _Cookie(value, good_until)

    def _is_for_us(self, name: str, attributes: dict[str, str]) -> bool:
        domain = attributes.get("domain", "").lower().removeprefix(".")
        if domain and domain != self._host and not (self._host.endswith(f".{domain}") and "." in domain):
            return False
        if name.startswith("__Host-") and (domain or attributes.get("path") != "/"):
            return False
        must_be_secure = "secure" in attributes or name.startswith(("__Secure-", "__Host-"))
        return (self._is_secure or not must_be_secure) and self._is_within(attributes.get("path", ""))

    def _is_within(self, path: str) -> bool:
        if not path.startswith("/"):
            return True
        return self._path == path or self._path.startswith(path if path.endswith("/") else f"{path}/")


def _attributes(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _good_until(attributes: dict[str, str]) -> float:
    """By the monotonic clock. Max-Age goes before Expires."""
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isdecimal() and age.isascii():
        return monotonic() + min(int(age[:12]), 10**9)
    try:
        return monotonic() + parsedate_to_datetime(attributes["expires"].replace("-", " ")).timestamp() - time()
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return _FOREVER
