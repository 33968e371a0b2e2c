"""Many things some at a time: what a statement, a transaction or a turn of a task takes on has a bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db.models import QuerySet

T = TypeVar("T")


def in_batches(items: Iterable[T], at_once: int) -> Iterator[list[T]]:
    """Each but the last has `at_once`; reads no further ahead than that."""
    left = iter(items)
    while some := list(islice(left, at_once)):
        yield some


def delete_some(old: QuerySet[Any], at_once: int) -> int:
    """At most so many of these rows, with what hangs on them, in one short transaction: the next turn takes the rest.
    Returns how many of them went. An index on what `old` asks for makes it cost by what goes, not by what stays."""
    ids = list(old.values_list("pk", flat=True)[:at_once])
    if ids:
        old.model._default_manager.filter(pk__in=ids).delete()
    return len(ids)
