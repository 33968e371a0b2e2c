"""A change to a set too large to be named: what comes to it and what goes. The rest stays."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Changed(NamedTuple, Generic[T]):
    added: list[T]
    removed: list[Any]
    """Ids."""
