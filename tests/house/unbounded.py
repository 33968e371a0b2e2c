"""Finds where a page could read as many rows as a company has: a query of people, groups, tools or the like that is
gone through, made a list of or handed to a template, and that nothing bounds.

Read from the source alone. What it knows: `Model.objects` and relations that lead to many rows, functions of ours that
are said to give a QuerySet, and names in a function that were given one. Bounded is what is sliced, what is asked for
by ids that are at hand, what is counted by something that has few values, and what finds one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.house.source import name_of

LARGE = frozenset(
    {
        *("User", "Membership", "Group", "Agent", "Device", "AccessToken", "Invitation", "Notice", "AssertedIdentity"),
        *(
            "Connector",
            "Tool",
            "ToolVersion",
            "ToolPermission",
            "Profile",
            "SyncRun",
            "BulkChange",
            "ResourceAddresses",
        ),
        *("Ticket", "PendingAction", "Decision", "WorkflowRun", "Credential", "CredentialVersion", "OAuthGrant"),
        *("ConnectedApp", "IssuedToken", "RefreshToken", "ConnectionStep", "FoundServer", "ServerSighting"),
        *("Event", "Seal", "SearchWord"),
    }
)
"""Of what there may be as many as a company has people, tools or calls."""
RELATIONS = {
    "memberships": "Membership",
    "people": "Membership",
    "groups": "Group",
    "tools": "Tool",
    "connectors": "Connector",
    "profiles": "Profile",
    "permissions": "ToolPermission",
    "sync_runs": "SyncRun",
    "access_tokens": "AccessToken",
    "devices": "Device",
    "tickets": "Ticket",
    "credentials": "Credential",
    "connected_apps": "ConnectedApp",
}
"""Managers of many rows, by the name under which a row has them."""
MANY = frozenset(
    {
        *("all", "filter", "exclude", "order_by", "select_related", "prefetch_related", "annotate", "alias", "defer"),
        *("only", "distinct", "values", "values_list", "using", "reverse", "union"),
    }
)
"""Methods that give the rows, or fewer of them, and still no bound."""
FEW_VALUES = frozenset({"kind", "state", "role", "standing", "code"})
"""Columns by which rows are counted in few lines."""
_ALL_OF_RELATION = re.compile(r"[\w.]+\.all\b(?!\|slice)")
"""`person.groups.all`; of `person.groups.all|slice:":8"` the first are read."""
SHOWN = ("Page", "Panel", "Part")
"""How classes are called whose values a template shows."""
TAKES_ALL = frozenset({"list", "tuple", "set", "frozenset", "sorted", "dict", "sum", "max", "min", "any", "all", "map"})
"""What goes through all that it is given."""


OFFER_ALL = frozenset(
    {"ModelChoiceField", "ModelMultipleChoiceField", "ModelForm", "modelform_factory", "PrimaryKeyRelatedField"}
)
"""Fields that offer all rows of a model, or look each one up by itself."""


class Found(NamedTuple):
    where: str
    """File and function: `harriet/people/pages/people.py people_of`."""
    line: int
    what: str
    """The query as it is written, shortened."""


def functions_giving_many(trees: Iterable[tuple[Path, ast.Module]]) -> Mapping[str, frozenset[str]]:
    """Names of functions of ours that are said to give a QuerySet of what is large: under "" those for all, under a
    file's path its own."""
    found: dict[str, set[str]] = {"": set()}
    for path, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.returns is not None and _is_large_query_set(node.returns):
                found.setdefault(str(path) if node.name.startswith("_") else "", set()).add(node.name)
    return {path: frozenset(names) for path, names in found.items()}


def _is_large_query_set(said: ast.expr) -> bool:
    """`QuerySet[Tool]`."""
    if not isinstance(said, ast.Subscript) or name_of(said.value) != "QuerySet":
        return False
    of = said.slice.elts[0] if isinstance(said.slice, ast.Tuple) else said.slice
    return name_of(of) in LARGE


def unbounded_in(path: str, tree: ast.Module, giving: Mapping[str, frozenset[str]]) -> list[Found]:
    known, taking = giving[""] | giving.get(path, frozenset()), _taking_rows(tree)
    readers = ((_Reader(f"{path} {name}", known, taking), function) for name, function in _functions(tree))
    return [found for reader, function in readers for found in reader.read(function)]


def fields_that_offer_all(path: str, tree: ast.Module) -> list[Found]:
    """However they are imported."""
    named = (node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute | ast.alias))
    told = ((node, node.name if isinstance(node, ast.alias) else name_of(node)) for node in named)
    return [Found(path, node.lineno, name) for node, name in told if name in OFFER_ALL]


def inner_lists_in(path: str, tree: ast.Module) -> list[Found]:
    """Fields of the API that tell all rows of a list within something, however many there are."""
    fields = (node.value for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign) and node.value)
    return [Found(path, one.lineno, ast.unparse(one)[:120]) for one in fields if _tells_many(one)]


def _tells_many(field: ast.expr) -> bool:
    """`SlugRelatedField(many=True)`, or another serializer; what is sent in has the body's bound."""
    said = {word.arg: ast.unparse(word.value) for word in field.keywords} if isinstance(field, ast.Call) else {}
    return said.get("many") == "True" and said.get("read_only") == "True"


def lists_in_template(name: str, text: str) -> list[Found]:
    """What a template goes through, or counts, of a relation to many rows without taking the first of them."""
    lines = enumerate(text.splitlines(), 1)
    return [Found(name, number, found[0]) for number, line in lines for found in _ALL_OF_RELATION.finditer(line)]


def _taking_rows(tree: ast.Module) -> Mapping[str, frozenset[int]]:
    """A file's own functions that go through what they are given, by name, with the places of such arguments."""
    found: dict[str, frozenset[int]] = {}
    for _, function in _functions(tree):
        named = [argument for argument in function.args.args if argument.arg not in {"self", "cls"}]
        found[function.name] = frozenset(place for place, one in enumerate(named) if _is_of_rows(one.annotation))
    return found


def _is_of_rows(said: ast.expr | None) -> bool:
    """`Iterable[Tool]`, but not `QuerySet[Tool]`, which is narrowed there."""
    return isinstance(said, ast.Subscript) and name_of(said.value) in {"Iterable", "Sequence", "Collection", "list"}


def _functions(tree: ast.AST, of: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{of}{node.name}"
            if isinstance(node, ast.FunctionDef):
                yield name, node
            yield from _functions(node, f"{name}.")
        else:
            yield from _functions(node, of)


@dataclass
class _Reader:
    where: str
    giving: frozenset[str]
    taking: Mapping[str, frozenset[int]]
    held: dict[str, bool] = field(default_factory=dict)
    """Names in the function, and whether they stand for a query without a bound."""

    def read(self, function: ast.FunctionDef) -> Iterator[Found]:
        for node in _own(function):
            for taken in self._taken(node):
                if self.is_unbounded(taken):
                    yield Found(self.where, taken.lineno, ast.unparse(taken)[:120])
            self._note(node)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=False))
            for one, given in pairs:
                if isinstance(one, ast.Name):
                    self.held[one.id] = self.is_unbounded(given)

    def _taken(self, node: ast.AST) -> Iterator[ast.expr]:
        """What this goes through, or hands to a template."""
        if isinstance(node, ast.For | ast.comprehension):
            yield node.iter
        elif isinstance(node, ast.Call) and name_of(node.func) in TAKES_ALL and isinstance(node.func, ast.Name):
            yield from node.args
        elif isinstance(node, ast.Call) and name_of(node.func) in {"render", "TemplateResponse", "Response"}:
            yield from (value for argument in node.args for value in _values(argument))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith(SHOWN):
            yield from (*node.args, *(word.value for word in node.keywords))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self.taking:
            yield from (node.args[place] for place in self.taking[node.func.id] if place < len(node.args))
        elif isinstance(node, ast.Starred):
            yield node.value

    def is_unbounded(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return self.held.get(node.id, False)
        if not isinstance(node, ast.Call):
            return False
        if isinstance(node.func, ast.Name):
            return node.func.id in self.giving and not self._is_given_bounded(node)
        if not isinstance(node.func, ast.Attribute):
            return False
        if node.func.attr == "iterator":
            return _is_manager(node.func.value) or self.is_unbounded(node.func.value)
        if node.func.attr not in MANY or _asks_by_ids(node) or _counts_by_few(node) or _is_dictionary(node):
            return False
        before = node.func.value
        return _is_manager(before) or self.is_unbounded(before)

    def _is_given_bounded(self, call: ast.Call) -> bool:
        """It narrows what it is given, and that is bounded already."""
        return any(_is_query(argument) and not self.is_unbounded(argument) for argument in call.args)


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """All within it in the order of the text, but for functions within."""
    for node in ast.iter_child_nodes(function):
        yield from _nodes(node)


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
        return
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Assign):  # what is assigned is read before the name has it
        for child in children:
            yield from _nodes(child)
        yield node
        return
    yield node
    for child in children:
        yield from _nodes(child)


def _values(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Dict):
        yield from node.values
    elif not isinstance(node, ast.Starred):
        yield node


def _is_manager(node: ast.expr) -> bool:
    """`Tool.objects`, or `connector.tools`; `Profile.people.through.objects` holds pairs, as many as people."""
    if not isinstance(node, ast.Attribute):
        return False
    if node.attr == "objects":
        return name_of(node.value) in LARGE or name_of(node.value) == "through"
    return node.attr in RELATIONS and isinstance(node.value, ast.Name | ast.Attribute) and name_of(node.value) != "self"


def _asks_by_ids(call: ast.Call) -> bool:
    """`pk__in=ids`, `tool__in=found`: rows of what is at hand. A query in its place may be of any length."""
    return any(
        word.arg is not None and (word.arg.endswith("__in") or word.arg == "pk") and not _is_query(word.value)
        for word in call.keywords
    )


def _counts_by_few(call: ast.Call) -> bool:
    """`values_list("state").annotate(Count("pk"))`."""
    before = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "annotate" else None
    by = before.args if isinstance(before, ast.Call) and name_of(before).startswith("values") else []
    return bool(by) and all(isinstance(one, ast.Constant) and one.value in FEW_VALUES for one in by)


def _is_dictionary(call: ast.Call) -> bool:
    """`facts.tools.values()` is no query: that would say of what."""
    return name_of(call) == "values" and not call.args and not call.keywords


def _is_query(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MANY
