"""Undo a change of many tools: each goes back to exactly what it was, unless something else changed it since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from connectors.access.clashes import refuse_clashes_with
from connectors.actions.apply_bulk_change import LONGEST_OUTCOME, Moved, moved_since, named
from connectors.actions.set_tool import ToolChange, change_tools
from connectors.audit_labels import connector_label
from connectors.bulk.kept import done_by, lots_of
from connectors.bulk.standing import Standing
from connectors.errors import ConnectorError
from connectors.events import ToolsSetBack
from connectors.models import BulkChange, Tool
from harriet.people.models import Group
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def undo_bulk_change(bulk: BulkChange, *, actor: Actor) -> BulkChange:
    """Anybody who manages connectors may. Raises ConnectorError when it was not done, or undone already."""
    demand(actor, bulk.organization, Power.MANAGE_CONNECTORS)
    locked = (
        BulkChange.objects.select_for_update(of=("self",)).select_related("connector__organization").get(pk=bulk.pk)
    )
    if locked.applied_at is None:
        raise ConnectorError("There is nothing to undo: this was never done.")
    if locked.undone_at is not None:
        raise ConnectorError("This was undone already.")
    lots, done = lots_of(locked), done_by(locked)
    rows = Tool.objects.select_for_update(of=("self",)).select_related("connector").order_by("pk")
    tools = {tool.pk: tool for tool in rows.filter(connector=locked.connector, pk__in=done)}
    before = {key: lots.seen[key].standing for key in done}
    groups = _groups(locked.organization_id, before.values())
    left = moved_since(done, tools) | _without_group(before, groups)
    back = [tool for key, tool in tools.items() if key not in left]
    change_tools([(tool, _as_before(before[tool.pk], groups)) for tool in back], actor=actor)
    refuse_clashes_with(back)
    move_version(locked.organization_id)
    locked.outcome = _outcome(len(back), [(tools.get(key), why) for key, why in left.items()])
    return _finish(locked, lots.wish.title("tools"), actor=actor)


def _groups(organization_id: UUID, standings: Iterable[Standing]) -> dict[str, Group]:
    wanted = {key for standing in standings for key in standing.groups}
    return {str(group.pk): group for group in Group.objects.filter(organization_id=organization_id, pk__in=wanted)}


def _without_group(before: Mapping[UUID, Standing], groups: Mapping[str, Group]) -> dict[UUID, str]:
    """What can't be as it was."""
    gone = (key for key, standing in before.items() if not set(standing.groups) <= groups.keys())
    return dict.fromkeys(gone, "a group that it was for is not there any more")


def _as_before(standing: Standing, groups: Mapping[str, Group]) -> ToolChange:
    return ToolChange(
        is_enabled=standing.is_enabled,
        requires_confirmation=standing.requires_confirmation,
        groups=[groups[key] for key in standing.groups],
        roles=standing.roles,
    )


def _outcome(back: int, left: Moved) -> str:
    words = f"Undone: {back} {'is' if back == 1 else 'are'} as before"
    return f"{words}; {len(left)} changed since and left alone: {named(left)}." if left else f"{words}."


def _finish(bulk: BulkChange, wish: str, *, actor: Actor) -> BulkChange:
    bulk.outcome, bulk.undone_by_id = bulk.outcome[:LONGEST_OUTCOME], actor.id if actor.kind == "person" else None
    bulk.save(update_fields=["outcome", "undone_by"])
    BulkChange.objects.filter(pk=bulk.pk).update(undone_at=Now())
    happened = ToolsSetBack(connector=connector_label(bulk.connector), wish=wish, summary=bulk.outcome)
    record(happened, organization_id=bulk.organization_id, actor=actor)
    bulk.refresh_from_db(fields=["undone_at"])
    return bulk
