"""Change what a profile is called, what it offers and who has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.access.clashes import refuse_clashes
from connectors.actions.create_profile import checked_hold, fill, refuse_taken_slug
from connectors.audit_labels import profile_label
from connectors.descriptions import clean_description
from connectors.events import ProfileChanged
from connectors.models import Connector, Profile, Tool
from harriet.lib.changed import Changed
from harriet.people.models import Group, Membership
from harriet.people.names import clean_name, clean_slug
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.trust import Trust
from harriet.people.version import move_version


@transaction.atomic
def change_profile(
    profile: Profile,
    *,
    slug: str | None = None,
    name: str | None = None,
    description: str | None = None,
    has_prefix: bool | None = None,
    is_progressive: bool | None = None,
    trust: str | None = None,
    hold_seconds: int | Literal["unchanged"] | None = "unchanged",
    groups: Iterable[Group] | Changed[Group] | None = None,
    people: Iterable[Membership] | Changed[Membership] | None = None,
    connectors: Iterable[Connector] | Changed[Connector] | None = None,
    tools: Iterable[Tool] | Changed[Tool] | None = None,
    actor: Actor,
) -> bool:
    """None leaves a thing as it is, but `hold_seconds`, where it stands for what the organization says. True when
    something changed. Raises ConnectorError beside the field."""
    demand(actor, profile.organization, Power.MANAGE_PROFILES)
    Profile.objects.select_for_update().get(pk=profile.pk)
    changed = _set(
        profile,
        slug=None if slug is None else clean_slug(slug),
        name=None if name is None else clean_name(name, longest=80),
        description=None if description is None else clean_description(description),
        has_prefix=has_prefix,
        is_progressive=is_progressive,
        trust=None if trust is None else Trust(trust),
    )
    if hold_seconds != "unchanged":
        changed += _set_hold(profile, checked_hold(hold_seconds))
    members: dict[str, Any] = {"groups": groups, "people": people, "connectors": connectors, "tools": tools}
    changed += fill(profile, **{key: value for key, value in members.items() if value is not None})
    if not changed:
        return False
    refuse_clashes(profile)
    words = ", ".join(_spoken(profile, word) for word in changed)
    record(
        ProfileChanged(profile=profile_label(profile), changes=words),
        organization_id=profile.organization_id,
        actor=actor,
    )
    move_version(profile.organization_id)
    return True


def _spoken(profile: Profile, word: str) -> str:
    """What loosens or tightens is named with what it is now."""
    return f"trust level, now {profile.get_trust_display()}" if word == "trust" else _SPOKEN.get(word, word)


_SPOKEN = {
    "has_prefix": "prefix",
    "is_progressive": "progressive loading",
    "hold_seconds": "how long calls are held",
}


def _set_hold(profile: Profile, seconds: int | None) -> list[str]:
    if profile.hold_seconds == seconds:
        return []
    profile.hold_seconds = seconds
    profile.save(update_fields=["hold_seconds"])
    return ["hold_seconds"]


def _set(profile: Profile, **values: Any) -> list[str]:
    changed = [name for name, value in values.items() if value is not None and getattr(profile, name) != value]
    for name in changed:
        setattr(profile, name, values[name])
    if "slug" in changed:
        refuse_taken_slug(profile)
    if changed:
        profile.save(update_fields=changed)
    return changed
