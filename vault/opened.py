"""An opened credential: what of it goes with one request, visible to nobody who only looks at it."""

from __future__ import annotations

from types import TracebackType
from typing import NoReturn, Self

from harriet.lib.secret import MASK, Secret


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
