"""Writing down which addresses a server lists, and saying where another server was first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q

from connectors.access.resource_owners import Claims, Listed, is_bounded, listed_now, owner_among
from connectors.definitions.sound import Remarks
from connectors.inspect.look import Look
from connectors.models import Connector, Profile, ResourceAddresses, Tool
from harriet.lib.text import excerpt
from harriet.lib.uri_templates import Address


def claims_of(connector_ids: Iterable[UUID]) -> dict[UUID, Claims]:
    rows = ResourceAddresses.objects.filter(connector_id__in=list(connector_ids))
    found = rows.values_list("connector_id", "resources", "templates")
    return {row_id: Claims(row_id, _read(resources), _read(templates)) for row_id, resources, templates in found}


def take_addresses(connector: Connector, look: Look, at: datetime, remarks: Remarks) -> None:
    """What could not be listed stays as it was."""
    if look.resources is None or look.templates is None:
        return
    resources = [entry["uri"] for entry in look.resources]
    templates = [entry["uriTemplate"] for entry in look.templates]
    before = claims_of([connector.id]).get(connector.id, Claims(connector.id))
    claims = listed_now(before, resources, templates, at.astimezone(UTC))
    ResourceAddresses.objects.update_or_create(
        connector=connector, defaults={"resources": dict(claims.resources), "templates": dict(claims.templates)}
    )
    for profile in _shared_profiles(connector):
        _tell_clashes(connector, profile, claims, [*resources, *templates], remarks)


def readers_in(profile: Profile) -> dict[UUID, str]:
    """The connectors of a profile whose resources are enabled, with their names."""
    inside = Q(connector__profiles=profile) | Q(profiles=profile)
    rows = Tool.objects.filter(inside, kind=Tool.Kind.RESOURCES, is_enabled=True)
    return dict(rows.values_list("connector_id", "connector__name"))


def _shared_profiles(connector: Connector) -> Iterable[Profile]:
    inside = Q(connectors=connector) | Q(tools__connector=connector, tools__kind=Tool.Kind.RESOURCES)
    return Profile.objects.filter(inside, has_prefix=False).distinct().order_by("name")


def _tell_clashes(
    connector: Connector, profile: Profile, claims: Claims, listed: Iterable[str], remarks: Remarks
) -> None:
    names = readers_in(profile)
    if connector.id not in names or len(names) < 2:
        return
    everyone = {**claims_of(names), connector.id: claims}
    for address in dict.fromkeys(listed):
        owner = owner_among(Address(address), everyone.values())
        shown = f"“{excerpt(address, 200)}”"
        if owner is not None and owner != connector.id:
            remarks.left_out.append(
                f"{shown} is not read from {connector.name} in the profile {profile.name}: {names[owner]} listed it "
                "first. Switch on the profile's name prefix to have both."
            )
        elif address in claims.templates and not is_bounded(address):
            remarks.left_out.append(
                f"{shown} stands for addresses of any server, so in the profile {profile.name}, which has no name "
                f"prefix, nothing is read from {connector.name} by it."
            )


def _read(stored: Mapping[str, list[str]]) -> dict[str, Listed]:
    return {address: Listed(*times) for address, times in stored.items()}
