"""Every address that Harriet answers, with whatever ids one has to fill in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

Values = Mapping[str, Sequence[str]]
"""What to fill in, by the name of the path converter (UUIDConverter …)."""


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    path: str
    has_ids: bool


def every_address(values: Values, patterns: Sequence[URLPattern | URLResolver] | None = None) -> Iterator[Address]:
    """Walks the resolver: each pattern once for every value."""
    yield from _walk(get_resolver().url_patterns if patterns is None else patterns, [("", False)], "", values)


def _walk(
    patterns: Sequence[URLPattern | URLResolver], before: list[tuple[str, bool]], names: str, values: Values
) -> Iterator[Address]:
    for pattern in patterns:
        if not isinstance(pattern.pattern, RoutePattern):
            continue
        here = [(a + b, x or y) for (a, x), (b, y) in product(before, _filled(pattern.pattern, values))]
        if isinstance(pattern, URLResolver):
            space = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from _walk(pattern.url_patterns, here, space, values)
        else:
            name = f"{names}{pattern.name or pattern.callback.__name__}"
            yield from (Address(name, f"/{path}", has_ids) for path, has_ids in here)


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
