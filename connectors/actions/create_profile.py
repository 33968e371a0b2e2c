"""Create a profile: an MCP address of its own, with what it offers and to whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.access.clashes import refuse_clashes
from connectors.audit_labels import profile_label
from connectors.descriptions import clean_description
from connectors.errors import ConnectorError
from connectors.events import ProfileCreated
from connectors.models import Connector, Profile, Tool
from harriet.lib.changed import Changed
from harriet.people.actions.change_organization import LONGEST_HOLD
from harriet.people.models import Group, Membership, Organization
from harriet.people.names import clean_name, clean_slug
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.trust import Trust
from harriet.people.version import move_version


@transaction.atomic
def create_profile(
    organization: Organization,
    *,
    slug: str,
    name: str,
    description: str = "",
    has_prefix: bool = False,
    is_progressive: bool = False,
    trust: str = Trust.SUPERVISED,
    hold_seconds: int | None = None,
    groups: Iterable[Group] = (),
    people: Iterable[Membership] | None = None,
    connectors: Iterable[Connector] = (),
    tools: Iterable[Tool] = (),
    actor: Actor,
) -> Profile:
    """Whoever creates it is in it, unless `people` says who is. Raises ConnectorError beside the field: for a short
    name that is taken, what isn't the organization's, or tools that would be shown under one name."""
    demand(actor, organization, Power.MANAGE_PROFILES)
    profile = Profile(
        organization=organization,
        slug=clean_slug(slug),
        name=clean_name(name, longest=80),
        description=clean_description(description),
        has_prefix=has_prefix,
        is_progressive=is_progressive,
        trust=Trust(trust),
        hold_seconds=checked_hold(hold_seconds),
    )
    refuse_taken_slug(profile)
    profile.save(force_insert=True)
    people = membership_of(organization, actor) if people is None else people
    fill(profile, groups=groups, people=people, connectors=connectors, tools=tools)
    refuse_clashes(profile)
    record(ProfileCreated(profile=profile_label(profile)), organization_id=organization.id, actor=actor)
    move_version(organization.id)
    return profile


def membership_of(organization: Organization, actor: Actor) -> list[Membership]:
    """The creator's own place there; nobody's for a program or a set-up file."""
    mine = Membership.objects.filter(organization=organization, is_active=True)
    return list(mine.filter(user=actor.id)) if actor.kind == "person" and actor.id else []


def checked_hold(seconds: int | None) -> int | None:
    """None for what the organization says. Raises ConnectorError."""
    if seconds is not None and not 0 <= seconds <= LONGEST_HOLD:
        raise ConnectorError(f"Hold calls between 0 and {LONGEST_HOLD} seconds.", field="hold_seconds")
    return seconds


def refuse_taken_slug(profile: Profile) -> None:
    """Raises ConnectorError."""
    others = Profile.objects.filter(organization=profile.organization_id, slug=profile.slug)
    if others.exclude(pk=profile.pk).exists():
        raise ConnectorError(
            f"Another profile has the short name “{profile.slug}”. Choose a different one.", field="slug"
        )


Members = Iterable[Any] | Changed[Any]
"""All of them, or what comes and what goes."""


def fill(profile: Profile, **members: Members) -> list[str]:
    """Sets groups, people, connectors and tools, all of the profile's organization; returns which changed."""
    return [name for name, wanted in members.items() if _is_changed(profile, name, wanted)]


def _is_changed(profile: Profile, name: str, wanted: Members) -> bool:
    rows = wanted.added if isinstance(wanted, Changed) else list(wanted)
    if any(row.organization_id != profile.organization_id for row in rows):
        raise ConnectorError(f"One of these {name} doesn't exist here.", field=name)
    field, ids = getattr(profile, name), {row.pk for row in rows}
    if isinstance(wanted, Changed):
        new, old = ids - _ids(field, ids), _ids(field, wanted.removed)
        field.add(*new)
        field.remove(*old)
        return bool(new or old)
    if _ids(field) == ids:
        return False
    field.set(rows)
    return True


def _ids(field: Any, among: Iterable[Any] | None = None) -> set[Any]:
    rows = field.all() if among is None else field.filter(pk__in=list(among))
    return set(rows.order_by().values_list("pk", flat=True))
