"""A SCIM filter as a condition for the database: never a row is read to judge it here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, Expression, F, Model, Q, QuerySet
from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from harriet.signin.scim.texts import NEVER, EntryPath, HasEntry, compare_text, compare_value

LONGEST = 2000
"""Characters of a filter."""
DEEPEST = 20
"""Brackets within brackets."""
_NO_TEXT = re.compile("\x00|[\ud800-\udfff]|\\\\u0000|\\\\u[dD][89a-fA-F]")
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Text:
    """Read from `source`, which is empty where there is nothing. `fast` finds equal ones by an index."""

    source: Expression | F
    fast: Any = None


@dataclass(frozen=True, slots=True)
class Moment:
    source: Expression | F


@dataclass(frozen=True, slots=True)
class Entries:
    """A list kept as JSON."""

    source: Expression | F
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Far:
    """The far ends of a table between two: each has `value`, an id, and `display`, a text."""

    ends: QuerySet[Any]
    """Of the row that is asked about, by OuterRef."""
    value: str
    display: str


@dataclass(frozen=True, slots=True)
class Same:
    """What every resource of the kind has alike."""

    value: str


Source = Text | Moment | Entries | Far | Same
Sources = Mapping[str, Source]
"""By the attribute's name in lower case; of an extension, the last part of its name."""


def narrowed(rows: QuerySet[Row], wanted: ScimFilter[Any] | None, sources: Sources) -> QuerySet[Row]:
    """Raises InvalidFilterException."""
    if wanted is None:
        return rows
    condition = Condition(wanted, sources)
    found = condition.visit(wanted.ast)
    matching: QuerySet[Row] = rows.alias(**condition.aliases).filter(found)
    return matching


def check_size(text: str) -> None:
    """Before it is parsed: a filter is bounded, and text. Raises InvalidFilterException."""
    if _NO_TEXT.search(text):
        raise InvalidFilterException(detail="A filter has no NUL and no half of a character in it.")
    depth = deepest = 0
    for character in text:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        deepest = max(deepest, depth)
    if len(text) > LONGEST or deepest > DEEPEST:
        raise InvalidFilterException(
            detail=f"A filter has at most {LONGEST} characters and {DEEPEST} brackets within each other."
        )


@dataclass
class Condition(FilterVisitor[Q]):
    wanted: ScimFilter[Any]
    sources: Sources
    aliases: dict[str, Expression | F] = field(default_factory=dict)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        found = self.visit(node.terms[0])
        for term in node.terms[1:]:
            found = found & self.visit(term) if node.op == LogicalOperator.and_ else found | self.visit(term)
        return found

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_comparison(self, node: Comparison) -> Q:
        binding = self.wanted.resolve_comparison(node.attr_path)
        if binding is None:
            return NEVER
        value, source = coerce_value(binding, node.value, node.op), self._source(binding)
        if isinstance(source, Text):
            if node.op == CompareOperator.eq and source.fast and isinstance(value, str) and value:
                fast: Q = source.fast(value)
                return fast
            return compare_text(self._alias(source.source), node.op, value, is_exact=binding.case_exact)
        if isinstance(source, Moment):
            return compare_value(self._alias(source.source), node.op, value)
        if isinstance(source, Same):
            return ~NEVER if (source.value.lower() == str(value).lower()) == (node.op == "eq") else NEVER
        part = binding.sub_field_name or "value"
        if isinstance(source, Far):
            return self._far(source, part, node.op, value)
        return self._entries(source, Comparison(AttrPath(part), node.op, node.value))

    def visit_present(self, node: Present) -> Q:
        binding = self.wanted.resolve(node.attr_path)
        if binding is None:
            return NEVER
        source = self._source(binding)
        if isinstance(source, Text):
            return ~Q(**{self._alias(source.source): ""})
        if isinstance(source, Far):
            return Q(Exists(source.ends))
        if isinstance(source, Entries):
            return self._entries(source, Present(AttrPath(binding.sub_field_name or "value")))
        return ~NEVER

    def visit_value_path(self, node: ValuePath) -> Q:
        binding = self.wanted.resolve(node.attr_path)
        source = self._source(binding) if binding else None
        if isinstance(source, Far) and isinstance(node.val_filter, Comparison) and binding is not None:
            inner = node.val_filter
            return self._far(source, inner.attr_path.attr.lower(), inner.op, inner.value)
        if not isinstance(source, Entries):
            raise InvalidFilterException(detail=f"{node.attr_path}[…] can't be asked for here.")
        path = EntryPath(source.keys)
        return Q(**{self._alias(HasEntry(source.source, path.found(node.val_filter), path.values)): True})

    def _entries(self, source: Entries, node: Comparison | Present) -> Q:
        """Not equal means that no entry is equal."""
        is_ne = isinstance(node, Comparison) and node.op == CompareOperator.ne
        if isinstance(node, Comparison) and is_ne:
            node = Comparison(node.attr_path, CompareOperator.eq, node.value)
        path = EntryPath(source.keys)
        found = Q(**{self._alias(HasEntry(source.source, path.found(node), path.values)): True})
        return ~found if is_ne else found

    def _far(self, source: Far, part: str, op: CompareOperator, value: Any) -> Q:
        ends, is_ne = source.ends, op == CompareOperator.ne
        op = CompareOperator.eq if is_ne else op
        if part == "display":
            found = Q(Exists(ends.filter(compare_text(source.display, op, value, is_exact=False))))
        elif part == "value" and op == CompareOperator.eq:
            one = as_id(value)
            found = Q(Exists(ends.filter(**{source.value: one}))) if one else NEVER
        else:
            raise InvalidFilterException(detail="Ids in a list are asked for with eq or ne, names by display.")
        return ~found if is_ne else found

    def _source(self, binding: AttributeBinding) -> Source:
        name = binding.field_name.replace("_", "")
        if binding.sub_field_name and not binding.is_multivalued:
            name = f"{name}.{binding.sub_field_name.replace('_', '')}"
        found = self.sources.get(name)
        if found is None:
            raise InvalidFilterException(detail=f"{binding.urn} can't be asked for here.")
        return found

    def _alias(self, source: Expression | F) -> str:
        name = f"scim_{len(self.aliases)}"
        self.aliases[name] = source
        return name


def as_id(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
