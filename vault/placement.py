"""Where a credential's secret goes in a request: turns a secret and its placement into headers, query and cookies."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NoReturn, Self

from harriet.lib.secret import MASK, Secret

MARK = "{{secret}}"
BEARER: dict[str, str] = {"in": "header", "name": "Authorization", "template": f"Bearer {MARK}"}


class Masked(dict[str, str]):
    """A dictionary whose values no log line, traceback or pickle shows. A copy made with dict() loses that."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {MASK!r}" for name in self) + "}"

    __str__ = __repr__

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("An opened credential is neither copied nor written down.")


class OpenCredential:
    """What goes with one call, for the length of a `with` block; empty before and after it is used.

    Ask for `headers`, `query` and `cookies` as late as possible and keep no copy. `secrets` are the values that must
    not come back in an answer.
    """

    __slots__ = ("cookies", "headers", "query", "secrets")

    def __init__(self) -> None:
        self.headers = Masked()
        self.query = Masked()
        self.cookies = Masked()
        self.secrets: tuple[Secret, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.headers.clear()  # also for whoever kept a reference
        self.query.clear()
        self.cookies.clear()
        self.secrets = ()

    def __repr__(self) -> str:
        return f"OpenCredential(headers={self.headers!r}, query={self.query!r}, cookies={self.cookies!r})"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("An opened credential is neither copied nor written down.")


def placed(type_: str, placement: Mapping[str, Any], username: str, secret: Secret) -> OpenCredential:
    """The open credential that the type and the placement ask for."""
    if type_ == "basic":
        return _basic(username, secret)
    opened = OpenCredential()
    opened.secrets = (secret,)
    where = {"header": opened.headers, "query": opened.query, "cookie": opened.cookies}[placement["in"]]
    where[placement["name"]] = str(placement.get("template") or MARK).replace(MARK, secret.reveal())
    return opened


def _basic(username: str, secret: Secret) -> OpenCredential:
    opened = OpenCredential()
    encoded = Secret(base64.b64encode(f"{username}:{secret.reveal()}".encode()).decode())
    opened.headers["Authorization"] = f"Basic {encoded.reveal()}"
    opened.secrets = (secret, encoded)
    return opened
