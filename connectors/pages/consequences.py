"""What goes away with a connector, so that whoever deletes it knows before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import CASCADE, Count, ForeignObjectRel, Model, Q

from connectors.counts import offer_words
from connectors.models import Connector, Profile, Tool
from connectors.pages.fields import Callers
from harriet.pages.counts import AtMost, CountAtMost, Several, as_at_most, several
from harriet.pages.picking import Found
from vault.models import Credential
from vault.queries import credential_of

DEEPEST = 4
NAMED = 20
"""People and profiles, by name."""


@dataclass(frozen=True, slots=True)
class Consequences:
    offered: str
    """ "84 tools, 3 prompts, resources", also those that the server no longer offers."""
    profiles: Several[Profile]
    people: Found
    """Who could call one of its tools until now."""
    credential: Credential | None
    others: list[str]
    """Things of floors above that go with it, counted: "2 pending actions"."""


def consequences_of(connector: Connector) -> Consequences:
    profiles = Profile.objects.filter(connectors=connector) | Profile.objects.filter(tools__connector=connector)
    return Consequences(
        offered=_offered(connector),
        profiles=several(profiles.distinct().order_by("name"), NAMED),
        people=callers_of_connector(connector).first(NAMED),
        credential=credential_of(connector.id),
        others=_others(connector),
    )


def _offered(connector: Connector) -> str:
    kinds = dict(connector.tools.order_by().values_list("kind").annotate(count=Count("pk")))
    return offer_words(*(kinds.get(kind, 0) for kind in Tool.Kind.values))


def callers_of_connector(connector: Connector) -> Callers:
    """Those who may call at least one of its tools now."""
    return Callers(connector.organization, Tool.objects.filter(connector=connector))


def _others(connector: Connector) -> list[str]:
    """Asks the database's own rules what goes too, so that no floor above needs to be named here."""
    ways: dict[type[Model], Q] = defaultdict(Q)
    for model, way in _ways_down(Connector, "", 0):
        if model._meta.app_label != Connector._meta.app_label:
            ways[model] |= Q(**{way: connector.pk})
    counted = (CountAtMost(model._base_manager.filter(way).distinct()) for model, way in ways.items())
    counts = Connector.objects.filter(pk=connector.pk).order_by().values_list(*counted).get()
    return sorted(_counted(model, as_at_most(count)) for model, count in zip(ways, counts, strict=True) if count)


def _ways_down(model: type[Model], above: str, depth: int) -> Iterator[tuple[type[Model], str]]:
    """Each kind of row that is deleted with one of these, and the lookup that leads up from it."""
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or relation.on_delete is not CASCADE or depth == DEEPEST:
            continue
        child: Any = relation.related_model
        way = f"{relation.field.name}__{above}" if above else relation.field.name
        yield child, way
        yield from _ways_down(child, way, depth + 1)


def _counted(model: type[Model], count: AtMost) -> str:
    return f"{count} {model._meta.verbose_name if str(count) == '1' else model._meta.verbose_name_plural}"
