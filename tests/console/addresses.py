"""Every address that Harriet answers, with whatever ids one has to fill in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, product

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

Values = Mapping[str, Sequence[str]]
"""What to fill in, by the name of the path converter (UUIDConverter …)."""


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    path: str
    has_ids: bool
    route: str
    """As the path is written in urls.py: the same for every id."""


def every_address(values: Values, patterns: Sequence[URLPattern | URLResolver] | None = None) -> Iterator[Address]:
    """Walks the resolver: each pattern once for every value."""
    yield from _walk(get_resolver().url_patterns if patterns is None else patterns, [("", False)], "", "/", values)


def by_route(values: Values) -> Iterator[list[Address]]:
    """The same, those of one route together."""
    for _, addresses in groupby(every_address(values), key=lambda one: (one.name, one.route)):
        yield list(addresses)


WITHOUT_THE_SHELL = {"HX-Request": "true", "HX-Target": "panel"}
"""As what opens beside a list is asked for, where only the answer counts: the menu and its counts are left out."""


class Likely:
    """Which ids have opened what: neighbours in urls.py mostly take the same, so that a walk needs few guesses."""

    def __init__(self) -> None:
        self._opened: Counter[tuple[str, str]] = Counter()

    def first(self, addresses: Sequence[Address]) -> list[Address]:
        return sorted(addresses, key=lambda one: -sum(self._opened[part] for part in self._parts(one)))

    def opened(self, address: Address) -> None:
        self._opened.update(self._parts(address))

    @staticmethod
    def _parts(address: Address) -> set[tuple[str, str]]:
        space = address.name.rpartition(":")[0]
        return {(space, part) for part in address.path.split("/")}


def _walk(
    patterns: Sequence[URLPattern | URLResolver],
    before: list[tuple[str, bool]],
    names: str,
    route: str,
    values: Values,
) -> Iterator[Address]:
    for pattern in patterns:
        if not isinstance(pattern.pattern, RoutePattern):
            continue
        here = [(a + b, x or y) for (a, x), (b, y) in product(before, _filled(pattern.pattern, values))]
        if isinstance(pattern, URLResolver):
            space = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from _walk(pattern.url_patterns, here, space, f"{route}{pattern.pattern}", values)
        else:
            name = f"{names}{pattern.name or pattern.callback.__name__}"
            yield from (Address(name, f"/{path}", has_ids, f"{route}{pattern.pattern}") for path, has_ids in here)


def _filled(pattern: RoutePattern, values: Values) -> list[tuple[str, bool]]:
    """The route with each converter replaced by each value it takes."""
    route = str(pattern)
    if not pattern.converters:
        return [(route, False)]
    names = list(pattern.converters)
    choices = [values.get(type(pattern.converters[name]).__name__, ["x"]) for name in names]
    return [(_put(route, dict(zip(names, chosen, strict=True))), True) for chosen in _combined(choices)]


def _combined(choices: list[Sequence[str]]) -> list[tuple[str, ...]]:
    """One varies at a time; the others stay at the value of their place (the first of all, the second …)."""
    still = [values[min(place, len(values) - 1)] for place, values in enumerate(choices)]
    moved = [(*still[:n], value, *still[n + 1 :]) for n, values in enumerate(choices) for value in values]
    return list(dict.fromkeys(moved))


def _put(route: str, chosen: Mapping[str, str]) -> str:
    """`<uuid:pk>` becomes the chosen value of pk."""
    for name, value in chosen.items():
        head, _, tail = route.partition(f"{name}>")
        route = head[: head.rindex("<")] + value + tail
    return route
