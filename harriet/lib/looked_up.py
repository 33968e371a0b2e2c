"""How rows are looked up where there may be very many: by thousands of ids, or each for one that is met."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, Subquery, UUIDField
from django.db.models.lookups import BuiltinLookup, IsNull


@UUIDField.register_lookup
class AnyOf(BuiltinLookup):
    """One of an array's. Of one that is asked for, the ids are read once, before the rows are looked for: joined, they
    are read once for each row by a database that doesn't know yet how many rows there are, as after an import. Of a
    list, thousands of ids are one value of the query, which `in` would make a value each of."""

    lookup_name = "any_of"
    prepare_rhs = False

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        """The SQL behind the column; `rhs` is that of the array."""
        return f"= ANY({rhs})"


def is_there(rows: QuerySet[Any]) -> Q:
    """Whether there is one of these, which an `OuterRef` ties to the row that is met. Of an `Exists` among alternatives
    the database reads all rows first, to compare with them: everybody in a group, for a page of fifty people."""
    return Q(IsNull(Subquery(rows.order_by().values("pk")[:1]), False))
