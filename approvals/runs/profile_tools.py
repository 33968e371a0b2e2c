"""The tools that a profile offers to somebody, as steps may name them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from connectors.access.in_database import is_in
from connectors.models import CALLABLE, Profile, Tool


def tools_of_profile(profile: Profile, named: Iterable[str]) -> dict[str, str]:
    """Names by id, of those of the `named` ids that are tools which are switched on there."""
    ids = {one for text in named if (one := _id(text)) is not None}
    tools = Tool.objects.filter(CALLABLE, kind=Tool.Kind.TOOL, organization=profile.organization_id, pk__in=ids)
    offered = tools.filter(is_in(Profile.objects.filter(pk=profile.pk))).distinct()
    found = offered.order_by("connector__name", "name").values_list("pk", "connector__name", "name")
    return {str(pk): f"{connector}: {name}" for pk, connector, name in found}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
