"""What goes away with a connector, so that whoever deletes it knows before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import CASCADE, ForeignObjectRel, Model, Q

from connectors.access.load import load_for_connector
from connectors.access.rules import may_call
from connectors.counts import offer_words
from connectors.models import Connector, Profile, Tool
from vault.models import Credential
from vault.queries import credential_of

DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Consequences:
    offered: str
    """ "84 tools, 3 prompts, resources", also those that the server no longer offers."""
    profiles: list[Profile]
    people: list[str]
    """Who could call one of its tools until now."""
    credential: Credential | None
    others: list[str]
    """Things of floors above that go with it, counted: "2 pending actions"."""


def consequences_of(connector: Connector) -> Consequences:
    profiles = Profile.objects.filter(connectors=connector) | Profile.objects.filter(tools__connector=connector)
    return Consequences(
        offered=_offered(connector),
        profiles=list(profiles.distinct().order_by("name")),
        people=people_who_can_call(connector),
        credential=credential_of(connector.id),
        others=_others(connector),
    )


def _offered(connector: Connector) -> str:
    kinds = Counter(connector.tools.values_list("kind", flat=True))
    return offer_words(kinds[Tool.Kind.TOOL], kinds[Tool.Kind.PROMPT], kinds[Tool.Kind.RESOURCES])


def people_who_can_call(connector: Connector) -> list[str]:
    """The e-mail addresses of those for whom at least one of its tools is allowed now."""
    facts = load_for_connector(connector)
    found = set()
    for member in facts.members.values():
        for profile in facts.profiles.values():
            tools = (tool for tool in facts.tools_in(profile) if tool.connector.id == connector.id)
            if any(may_call(tool.facts, member.facts, profile.facts).is_allowed for tool in tools):
                found.add(member.email)
    return sorted(found)


def _others(connector: Connector) -> list[str]:
    """Asks the database's own rules what goes too, so that no floor above needs to be named here."""
    ways: dict[type[Model], Q] = defaultdict(Q)
    for model, way in _ways_down(Connector, "", 0):
        if model._meta.app_label != Connector._meta.app_label:
            ways[model] |= Q(**{way: connector.pk})
    counts = ((model, model._base_manager.filter(way).distinct().count()) for model, way in ways.items())
    return sorted(_counted(model, count) for model, count in counts if count)


def _ways_down(model: type[Model], above: str, depth: int) -> Iterator[tuple[type[Model], str]]:
    """Each kind of row that is deleted with one of these, and the lookup that leads up from it."""
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or relation.on_delete is not CASCADE or depth == DEEPEST:
            continue
        child: Any = relation.related_model
        way = f"{relation.field.name}__{above}" if above else relation.field.name
        yield child, way
        yield from _ways_down(child, way, depth + 1)


def _counted(model: type[Model], count: int) -> str:
    return f"{count} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"
