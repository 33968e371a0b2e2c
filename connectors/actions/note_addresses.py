"""Write down which addresses a server lists, and say where another server was first. A part of a sync."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.db.models import Q

from connectors.access.claims import claims_of, readers_in
from connectors.access.resource_owners import Claims, is_bounded, listed_now, owner_among
from connectors.models import Connector, Profile, ResourceAddresses, Tool
from harriet.lib.text import excerpt
from harriet.lib.uri_templates import Address


def note_addresses(connector: Connector, resources: list[str], templates: list[str], at: datetime) -> list[str]:
    """`resources` are addresses and `templates` URI templates, as the server listed them `at` that time. Gives a
    sentence for each that stays another server's in a profile. Inside the sync's transaction, which is its event."""
    before = claims_of([connector.id]).get(connector.id, Claims(connector.id))
    claims = listed_now(before, resources, templates, at.astimezone(UTC))
    ResourceAddresses.objects.update_or_create(
        connector=connector, defaults={"resources": dict(claims.resources), "templates": dict(claims.templates)}
    )
    listed = list(dict.fromkeys([*resources, *templates]))
    return [
        sentence
        for profile in _shared_profiles(connector)
        for sentence in _clashes_in(profile, connector, claims, listed)
    ]


def _shared_profiles(connector: Connector) -> Iterable[Profile]:
    inside = Q(connectors=connector) | Q(tools__connector=connector, tools__kind=Tool.Kind.RESOURCES)
    return Profile.objects.filter(inside, has_prefix=False).distinct().order_by("name")


def _clashes_in(profile: Profile, connector: Connector, claims: Claims, listed: Iterable[str]) -> Iterator[str]:
    names = readers_in(profile)
    if connector.id not in names or len(names) < 2:
        return
    everyone = {**claims_of(names), connector.id: claims}
    for address in listed:
        owner = owner_among(Address(address), everyone.values())
        shown = f"“{excerpt(address, 200)}”"
        if owner is not None and owner != connector.id:
            yield (
                f"{shown} is not read from {connector.name} in the profile {profile.name}: {names[owner]} listed it "
                "first. Switch on the profile's name prefix to have both."
            )
        elif address in claims.templates and not is_bounded(address):
            yield (
                f"{shown} stands for addresses of any server, so in the profile {profile.name}, which has no name "
                f"prefix, nothing is read from {connector.name} by it."
            )
