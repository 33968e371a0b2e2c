"""SCIM's comparisons as the database makes them: of texts, of texts among several, and within lists kept as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from unicodedata import normalize

from django.db.models import BooleanField, Expression, F, Func, JSONField, Q, TextField, Value
from django.db.models.functions import Cast, Lower
from scim2_models import InvalidFilterException
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

Op = CompareOperator
_ORDERS = {Op.gt: "gt", Op.ge: "gte", Op.lt: "lt", Op.le: "lte"}
_PARTS = {Op.co: "contains", Op.sw: "startswith", Op.ew: "endswith"}
NEVER = Q(pk__in=[])


def compare_text(name: str, op: CompareOperator, value: Any, *, is_exact: bool) -> Q:
    """`name` is of a column or alias that is empty, never null, where there is nothing."""
    if value is None or value == "":
        return _compare_to_nothing(name, op, value)
    if not isinstance(value, str):
        return ~NEVER if op == Op.ne else NEVER
    text, fold = normalize("NFC", value), "" if is_exact else "i"
    if op in (Op.eq, Op.ne):
        same = Q(**{f"{name}__exact" if is_exact else f"{name}__iexact": text})
        return same if op == Op.eq else ~same
    if op in _PARTS:
        return Q(**{f"{name}__{fold}{_PARTS[op]}": text})
    return Q(**{f"{name}__{_ORDERS[op]}": text}) & ~Q(**{name: ""})


def _compare_to_nothing(name: str, op: CompareOperator, value: Any) -> Q:
    if op == Op.eq:
        return Q(**{name: ""}) if value is None else NEVER
    if op == Op.ne:
        return ~Q(**{name: ""}) if value is None else ~NEVER
    return ~Q(**{name: ""}) if value == "" and op in (*_PARTS, Op.gt, Op.ge) else NEVER


def compare_value(name: str, op: CompareOperator, value: Any) -> Q:
    """Of times and of yes or no."""
    if value is None:
        return ~NEVER if op == Op.ne else NEVER
    same = Q(**{name: value})
    if op in (Op.eq, Op.ne):
        return same if op == Op.eq else ~same
    return Q(**{f"{name}__{_ORDERS[op]}": value}) if op in _ORDERS else NEVER


class HasEntry(Func):
    """Whether a list kept as JSON has an entry that a path of the database's own language finds."""

    function = "jsonb_path_exists"
    output_field = BooleanField()

    def __init__(self, entries: Expression | F, path: str, values: dict[str, Any]) -> None:
        folded = Cast(Lower(Cast(entries, TextField())), JSONField())
        as_path = Func(Value(path), template="%(expressions)s::jsonpath", output_field=TextField())
        super().__init__(folded, as_path, Value(values, JSONField()))


@dataclass
class EntryPath(FilterVisitor[str]):
    """The condition on one entry of such a list, in that language."""

    keys: frozenset[str]
    values: dict[str, Any] = field(default_factory=dict)

    def found(self, node: FilterNode) -> str:
        return f"$[*] ? ({self.visit(node)})"

    def visit_comparison(self, node: Comparison) -> str:
        key, value = self._key(node.attr_path), node.value
        if value is None:
            return f"!(exists(@.{key}))" if node.op in (Op.eq, Op.le, Op.ge) else f"exists(@.{key})"
        value = normalize("NFC", value).lower() if isinstance(value, str) else value
        if node.op in (Op.co, Op.ew):
            return f"@.{key} like_regex {_pattern(value, is_end=node.op == Op.ew)}"
        name = f"v{len(self.values)}"
        self.values[name] = value
        if node.op == Op.sw:
            return f"@.{key} starts with ${name}"
        sign = {Op.eq: "==", Op.gt: ">", Op.ge: ">=", Op.lt: "<", Op.le: "<="}.get(node.op, "==")
        same = f"@.{key} {sign} ${name}"
        return f"!({same})" if node.op == Op.ne else same

    def visit_present(self, node: Present) -> str:
        return f"exists(@.{self._key(node.attr_path)})"

    def visit_not(self, node: Not) -> str:
        return f"!({self.visit(node.expr)})"

    def visit_logical_expr(self, node: LogicalExpr) -> str:
        sign = " && " if node.op == LogicalOperator.and_ else " || "
        return "(" + sign.join(f"({self.visit(term)})" for term in node.terms) + ")"

    def visit_value_path(self, node: ValuePath) -> str:
        raise InvalidFilterException(detail="A filter within brackets has no brackets of its own.")

    def _key(self, path: AttrPath) -> str:
        key = path.attr.lower()
        if key not in self.keys or path.sub_attr:
            raise InvalidFilterException(detail=f"An entry of this list has no {path}.")
        return key


def _pattern(text: object, *, is_end: bool) -> str:
    escaped = re.sub(r"([\\.^$*+?()\[\]{}|])", r"\\\1", str(text))
    return json.dumps(escaped + ("$" if is_end else ""), ensure_ascii=False)
