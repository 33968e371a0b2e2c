"""Which addresses servers listed, as they were written down, and whose resources a profile has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Q

from connectors.access.resource_owners import Claims, TimesListed
from connectors.models import Profile, ResourceAddresses, Tool


def claims_of(connector_ids: Iterable[UUID]) -> dict[UUID, Claims]:
    rows = ResourceAddresses.objects.filter(connector_id__in=list(connector_ids))
    found = rows.values_list("connector_id", "resources", "templates")
    return {row_id: Claims(row_id, _read(resources), _read(templates)) for row_id, resources, templates in found}


def readers_in(profile: Profile) -> dict[UUID, str]:
    """The connectors of a profile whose resources are enabled, with their names."""
    inside = Q(connector__profiles=profile) | Q(profiles=profile)
    rows = Tool.objects.filter(inside, kind=Tool.Kind.RESOURCES, is_enabled=True)
    return dict(rows.values_list("connector_id", "connector__name"))


def _read(stored: Mapping[str, list[str]]) -> dict[str, TimesListed]:
    return {address: TimesListed(*times) for address, times in stored.items()}
