"""What goes away with a connector, so that whoever deletes it knows before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.contrib.admin.utils import NestedObjects
from django.db import router
from django.db.models import Model

from vault.models import Credential
from vault.queries import credential_of

from .access import may_call
from .models import Connector, Profile
from .snapshot import load


@dataclass(frozen=True, slots=True)
class Consequences:
    tools: int
    profiles: list[Profile]
    people: list[str]
    """Who could call one of its tools until now."""
    credential: Credential | None
    others: list[str]
    """Things of floors above that go with it, counted: "2 pending actions"."""


def consequences_of(connector: Connector) -> Consequences:
    profiles = Profile.objects.filter(connectors=connector) | Profile.objects.filter(tools__connector=connector)
    return Consequences(
        tools=connector.tools.count(),
        profiles=list(profiles.distinct().order_by("name")),
        people=people_who_can_call(connector),
        credential=credential_of(connector.id),
        others=_others(connector),
    )


def people_who_can_call(connector: Connector) -> list[str]:
    """The e-mail addresses of those for whom at least one of its tools is allowed now."""
    facts = load(connector.organization_id)
    found = set()
    for member in facts.members.values():
        for profile in facts.profiles.values():
            tools = (tool for tool in facts.tools_in(profile) if tool.connector.id == connector.id)
            if any(may_call(tool.facts, member.facts, profile.facts).is_allowed for tool in tools):
                found.add(member.email)
    return sorted(found)


def _others(connector: Connector) -> list[str]:
    """Asks the database's own rules what goes too, so that no floor above needs to be named here."""
    collector = NestedObjects(using=router.db_for_write(Connector))
    collector.collect([connector])
    counts: Counter[str] = Counter()
    found: dict[type[Model], set[Model]] = collector.model_objs  # type: ignore[assignment]
    for model, rows in found.items():
        if model._meta.app_label != Connector._meta.app_label:
            counts[str(model._meta.verbose_name if len(rows) == 1 else model._meta.verbose_name_plural)] += len(rows)
    return [f"{count} {name}" for name, count in sorted(counts.items())]
