"""What the API's views share: who may list, and what the body says."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from harriet.people import queries
from harriet.people.errors import NotAllowed, PeopleError
from harriet.people.models import Group, Organization
from harriet.people.permissions import has_power
from harriet.people.roles import Power


def demand_view(request: Any) -> None:
    """Raises NotAllowed."""
    if not has_power(request.membership, Power.VIEW_SETTINGS):
        raise NotAllowed(f"Your role here, {request.membership.get_role_display()}, may not list this.")


def groups_named(organization: Organization, slugs: list[str]) -> list[Group]:
    """By their short names. Raises PeopleError for one that isn't there."""
    found = {group.slug: group for group in queries.groups_of(organization).filter(slug__in=slugs)}
    if missing := sorted(set(slugs) - found.keys()):
        raise PeopleError(f"There is no group {missing[0]} here.", field="groups")
    return list(found.values())


def checked(serializer: Any, request: Request) -> dict[str, Any]:
    """The body as the serializer declares it, by name. Raises rest_framework's ValidationError."""
    return dict(valid(serializer, request).validated_data)


def valid(serializer: Any, request: Request) -> Any:
    """The serializer with a body that it takes. Raises rest_framework's ValidationError, also for a name that it
    doesn't know: a mistyped one would be taken for one that was left out, and do something else than was meant."""
    reader = serializer(data=request.data)
    reader.is_valid(raise_exception=True)
    known = [name for name, one in reader.fields.items() if not one.read_only]
    if unknown := sorted(set(request.data) - set(known)):
        said = ", ".join(known) or "none"
        raise ValidationError({name[:100]: [f"There is no such field here. There are: {said}."] for name in unknown})
    return reader
