"""The tools that a profile offers to somebody, as steps may name them."""

from __future__ import annotations

from connectors.access.in_database import is_in
from connectors.models import CALLABLE, Profile, Tool


def tools_of_profile(profile: Profile) -> dict[str, str]:
    """Names by id, of tools that are switched on."""
    tools = Tool.objects.filter(CALLABLE, kind=Tool.Kind.TOOL, organization=profile.organization_id)
    offered = tools.filter(is_in(Profile.objects.filter(pk=profile.pk))).distinct()
    found = offered.order_by("connector__name", "name").values_list("pk", "connector__name", "name")
    return {str(pk): f"{connector}: {name}" for pk, connector, name in found}
