"""Which names a template asks for, with the templates that it extends and includes: read from Django's own parse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.template import Node, engines
from django.template.base import FilterExpression, Variable
from django.template.defaulttags import ForNode, WithNode
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.template.smartif import TokenBase

EVERYWHERE = frozenset(
    {"request", "user", "messages", "shell", "csrf_token", "forloop", "block", "True", "False", "None", "active", "var"}
)
"""From Django (`var` is inside its `filter` tag), from the shell around every page, and what every page declares."""


def names_asked(template: str) -> set[str]:
    """Every name that is looked up, also those that the templates make themselves."""
    expressions = (one for name in family(template) for node in nodes_of(name) for one in _expressions(vars(node)))
    return {root for expression in expressions for root in _roots(expression)} - EVERYWHERE


def names_made(template: str) -> set[str]:
    """By loops, `with` and `as`; and what an include may be given, by whichever template includes it."""
    made = {name for one in family(template) for node in nodes_of(one) for name in _made(node)}
    return made | {name for part in family(template) for name in _given().get(part, ())}


@cache
def _given() -> dict[str, set[str]]:
    """What each included template is given somewhere."""
    given: dict[str, set[str]] = defaultdict(set)
    for path in Path("templates").rglob("*.html"):
        for node in nodes_of(str(path.relative_to("templates"))):
            if isinstance(node, IncludeNode):
                given[str(node.template.var)] |= set(node.extra_context)
    return given


def family(template: str) -> list[str]:
    """The template, what it extends, and what these include."""
    found, ahead = [], [template]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.append(name)
            ahead += [other for node in nodes_of(name) for other in _others(node)]
    return found


@cache
def nodes_of(template: str) -> list[Node]:
    engine: Any = engines["django"]
    nodes = engine.get_template(template).template.nodelist
    return list(nodes.get_nodes_by_type(Node))


def _others(node: Node) -> Iterator[str]:
    if isinstance(node, ExtendsNode):
        given = node.parent_name
        constant = isinstance(given.var, str)
        yield from [given.var] if constant else str(given.token).split('"')[1].split(",")
    elif isinstance(node, IncludeNode):
        yield str(node.template.var)


def _made(node: Any) -> Iterator[str]:
    if isinstance(node, ForNode):
        yield from node.loopvars
    if isinstance(node, WithNode | IncludeNode):
        yield from node.extra_context
    for attribute in ("asvar", "target_var", "var_name"):
        if isinstance(name := getattr(node, attribute, None), str):
            yield name


def _expressions(thing: Any) -> Iterator[FilterExpression]:
    if isinstance(thing, FilterExpression):
        yield thing
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from _expressions(value)
    elif isinstance(thing, list | tuple) and not hasattr(thing, "get_nodes_by_type"):
        for value in thing:
            yield from _expressions(value)
    elif isinstance(thing, TokenBase):
        yield from _expressions(vars(thing))


def _roots(expression: FilterExpression) -> Iterator[str]:
    variables = [expression.var, *(given for _, given in (pair for _, args in expression.filters for pair in args))]
    for variable in variables:
        if isinstance(variable, Variable) and variable.lookups:
            yield variable.lookups[0]
