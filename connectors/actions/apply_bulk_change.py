"""Do what was previewed for many tools: to those that still stand as they stood then, and to no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from connectors.actions.preview_bulk_change import groups_of_wish
from connectors.actions.set_tool import ToolChange
from connectors.actions.set_tools_in_bulk import set_tools_in_bulk
from connectors.audit_labels import connector_label
from connectors.bulk.kept import lots_of
from connectors.bulk.lots import CHANGED, Choice, Lot, Lots
from connectors.bulk.standing import Standing, standings_of, what_changed
from connectors.bulk.wish import Wish
from connectors.errors import ConnectorError
from connectors.events import ToolsChangedTogether
from connectors.models import BulkChange, Connector, Tool
from harriet.lib.sentences import some_of
from harriet.lib.text import excerpt
from harriet.people.permissions import demand
from harriet.people.roles import Power

MOST_NAMED = 10
LONGEST_OUTCOME = 2000
Moved = list[tuple[Tool | None, str]]
"""What was left alone, each with the reason; None is gone."""


@transaction.atomic
def apply_bulk_change(bulk: BulkChange, choice: Choice, *, actor: Actor) -> BulkChange:
    """Raises ConnectorError when it was done already, is somebody else's, or nothing was chosen."""
    demand(actor, bulk.organization, Power.MANAGE_CONNECTORS)
    locked = (
        BulkChange.objects.select_for_update(of=("self",)).select_related("connector__organization").get(pk=bulk.pk)
    )
    if locked.made_by_id != actor.id:
        raise ConnectorError("Somebody else previewed this. Tick the tools and look at the change yourself.")
    if locked.applied_at is not None:
        raise ConnectorError("This was done already.")
    lots = lots_of(locked)
    chosen = lots.chosen(choice)
    if not chosen:
        raise ConnectorError("Nothing was changed: tick what the change is for.")
    tools = _locked(locked.connector, chosen)
    moved = moved_since({key: lots.seen[key].standing for key in chosen}, tools)
    ids = chosen - moved.keys()
    set_tools_in_bulk(locked.connector, ids, _change(locked.connector, lots.wish), actor=actor)
    locked.done = {str(key): now for key, now in standings_of(_locked(locked.connector, ids).values()).items()}
    locked.outcome = _outcome(lots, len(ids), len(chosen), [(tools.get(key), why) for key, why in moved.items()])
    return _finish(locked, lots.wish, actor=actor)


def _locked(connector: Connector, ids: Iterable[UUID]) -> dict[UUID, Tool]:
    rows = Tool.objects.select_for_update(of=("self",)).filter(connector=connector, pk__any_of=list(ids)).order_by("pk")
    return {tool.pk: tool for tool in rows}


def moved_since(before: Mapping[UUID, Standing], tools: Mapping[UUID, Tool]) -> dict[UUID, str]:
    """Which of them stand otherwise by now, each with what is different."""
    now = standings_of(tools.values())
    gone = dict.fromkeys(before.keys() - tools.keys(), "it is not there any more")
    return gone | {key: what_changed(before[key], now[key]) for key in tools if before[key] != now[key]}


def _change(connector: Connector, wish: Wish) -> ToolChange:
    if wish.is_about_access:
        return ToolChange(groups=groups_of_wish(connector, wish), roles=list(wish.roles), how=wish.action)  # type: ignore[arg-type]
    if wish.action in {"enable", "disable"}:
        return ToolChange(is_enabled=wish.action == "enable")
    return ToolChange(requires_confirmation=wish.action == "confirm")


def _outcome(lots: Lots, changed: int, chosen: int, moved: Moved) -> str:
    """ "71 enabled; 4 were on already; 2 in quarantine were left." """
    counts = lots.counts
    unticked = sum(counts[lot] for lot in CHANGED) - chosen
    parts = [f"{changed} {lots.wish.done}"]
    parts += [f"{count} {_were(count)} {lots.wish.already}"] if (count := counts[Lot.ALREADY]) else []
    parts += [f"{count} in quarantine {_were(count)} left"] if (count := counts[Lot.QUARANTINED]) else []
    parts += [f"{count} no longer offered {_were(count)} left"] if (count := counts[Lot.REMOVED]) else []
    parts += [f"{unticked} not chosen {_were(unticked)} left"] if unticked else []
    parts += [f"{len(moved)} changed since the preview and {_were(len(moved))} left: {named(moved)}"] if moved else []
    return f"{'; '.join(parts)}."


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def named(moved: Moved) -> str:
    """ "send_mail (its definition changed), delete_all (it is Dangerous now) and 3 more"."""
    return some_of([f"{excerpt(str(tool or 'a tool'), 60)} ({why})" for tool, why in moved], MOST_NAMED)


def _finish(bulk: BulkChange, wish: Wish, *, actor: Actor) -> BulkChange:
    bulk.outcome = bulk.outcome[:LONGEST_OUTCOME]
    bulk.save(update_fields=["done", "outcome"])
    BulkChange.objects.filter(pk=bulk.pk).update(applied_at=Now())
    happened = ToolsChangedTogether(
        connector=connector_label(bulk.connector), wish=wish.title("tools"), summary=bulk.outcome
    )
    record(happened, organization_id=bulk.organization_id, actor=actor)
    bulk.refresh_from_db(fields=["applied_at"])
    return bulk
