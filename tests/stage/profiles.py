"""A profile: one address, and whose tools stand behind it."""

from __future__ import annotations

from typing import Any

from connectors.models import Connector, Profile
from harriet.people.models import Group, Organization
from harriet.people.version import move_version


def profile(
    organization: Organization,
    *connectors: Connector,
    groups: list[Group],
    slug: str = "work",
    name: str = "",
    **more: Any,
) -> Profile:
    made: Profile = Profile.objects.create(organization=organization, slug=slug, name=name or slug.title(), **more)
    made.connectors.add(*connectors)
    made.groups.add(*groups)
    move_version(organization.id)
    return made
