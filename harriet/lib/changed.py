"""A change to a set too large to be named: what comes to it and what goes. The rest stays."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Changed(NamedTuple, Generic[T]):
    """`added` are the new ones themselves, `removed` the keys of those that go."""

    added: list[T]
    removed: list[Any]
    """Ids."""
