"""Lists within what the API tells, such as a person's groups: the first names of each, and where all of them are.

A list has an address of its own (`people/<id>/groups/`), where `PATCH` says what comes and what goes. Whoever sends a
list back as a whole has to have read it as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, OuterRef, QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

M = TypeVar("M", bound=Model)
MOST_NAMED = 100
"""Of one list."""
MOST_MOVED = 1000
"""Names that one request adds, and that it removes."""
WHOLE = "Says that the lists sent here are whole, where they were longer than what an answer names."
FIRST_NAMES = f"The first {MOST_NAMED}; `more` has the address of all."

RowsOf = Callable[[Any], QuerySet[Any, Any]]
"""The names of one list, in the order of an index, by what has it: an id, or `OuterRef("pk")`."""


class Names(serializers.ListField):
    """The first names of a list of any length. `route` is the one of the list's own address."""

    def __init__(self, rows: RowsOf, route: str, help_text: str = "") -> None:
        said = f"{help_text} {FIRST_NAMES}".strip()
        super().__init__(child=serializers.CharField(), read_only=True, help_text=said)
        self.rows, self.route = rows, route

    def get_attribute(self, instance: Any) -> list[str]:
        """One more than is named, where there is one; of a single thing they are read when they are asked for."""
        kept = _column(self)
        if not hasattr(instance, kept):
            setattr(instance, kept, list(self.rows(instance.pk)[: MOST_NAMED + 1]))
        return list(getattr(instance, kept))

    def to_representation(self, data: list[str]) -> list[str]:
        return data[:MOST_NAMED]


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "format": "uri"}})
class More(serializers.Field[Any, Any, Any, Any]):
    """By the names of those lists of which there is more than is named: the address of each."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True, help_text="Addresses of lists that are longer, by their names.")

    def to_representation(self, instance: Any) -> dict[str, str]:
        assert self.parent is not None
        longer = (one for one in _lists(self.parent) if len(one.get_attribute(instance)) > MOST_NAMED)
        return {str(one.field_name): _address(one.route, instance) for one in longer}


class InnerChangeSerializer(serializers.Serializer[Any]):
    """Of one list: what comes and what goes; what is not named stays as it is."""

    add = serializers.ListField(child=serializers.CharField(), required=False, default=list, max_length=MOST_MOVED)
    remove = serializers.ListField(child=serializers.CharField(), required=False, default=list, max_length=MOST_MOVED)


def names_of_groups(through: Any, column: str) -> RowsOf:
    """Of what has groups by rows of this many-to-many table."""
    return lambda pk: through.objects.filter(**{column: pk}).order_by("group_id").values_list("group__slug", flat=True)


def with_first_names(rows: QuerySet[M], serializer: type[serializers.BaseSerializer[Any]]) -> QuerySet[M]:
    """With the first names of each list that the serializer tells, read along with the rows."""
    first = {_column(one): ArraySubquery(one.rows(OuterRef("pk"))[: MOST_NAMED + 1]) for one in _lists(serializer())}
    told: QuerySet[M] = rows.annotate(**first)
    return told


def refuse_parts(instance: Any, serializer: type[serializers.BaseSerializer[Any]], given: dict[str, Any]) -> None:
    """Takes `whole_lists` out of what was given. Raises ValidationError for a list that is replaced by whoever may have
    seen its beginning alone: the others in it would be gone."""
    if given.pop("whole_lists", False):
        return
    for one in _lists(serializer()):
        if one.field_name in given and len(one.get_attribute(instance)) > MOST_NAMED:
            raise ValidationError({one.field_name: [_part(one, instance)]})


def _part(one: Names, instance: Any) -> str:
    return (
        f"There are more than the {MOST_NAMED} that an answer names. Say what comes and what goes with PATCH at "
        f"{_address(one.route, instance)}, or send whole_lists: true along with all of them."
    )


def _lists(serializer: serializers.BaseSerializer[Any]) -> Iterator[Names]:
    fields: dict[str, Any] = getattr(serializer, "fields", {})
    return (one for one in fields.values() if isinstance(one, Names))


def _column(one: Names) -> str:
    return f"names_of_{one.field_name}"


def _address(route: str, instance: Any) -> str:
    return settings.BASE_URL + reverse(route, args=[instance.pk])
