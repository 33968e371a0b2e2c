"""Tell who looks after a connector which tools came into quarantine: each change once, however often its server lists.

A tool that waits already is not told of again for what its server says of it meanwhile, such as the time of day; and
one that comes and goes is told of once a day. The pages show both. No audit event: what happened has one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from audit.actor import Actor
from connectors.actions.settle_quarantine import quarantine_key
from connectors.audit_labels import name_with_kind
from connectors.models import Connector, Tool, ToolVersion
from harriet.people.actions.settle_matter import reopen_matter
from harriet.people.actions.tell_people import tell_people
from harriet.people.actors import person_behind
from harriet.people.notifications.kinds import QUARANTINE, Matter
from harriet.people.notifications.recipients import who_look_after

AGAIN_AFTER = timedelta(days=1)
"""That the same change came, before it is told again."""
NAMED = 5


def waiting_changes(connector: Connector) -> QuerySet[ToolVersion]:
    """Proposed definitions that nobody has answered yet."""
    proposed = ToolVersion.objects.filter(tool__connector=connector, is_proposed=True, refused_at=None)
    return proposed.filter(tool__state=Tool.State.QUARANTINED)


def in_quarantine(connector: Connector) -> set[UUID]:
    """The tools that wait for an answer."""
    return set(waiting_changes(connector).values_list("tool", flat=True))


def tell_of_quarantine(connector: Connector, before: Collection[UUID], actor: Actor) -> None:
    """`before` were there already. Whoever asked for the sync sees it and is not told."""
    new = waiting_changes(connector).exclude(tool__in=before).order_by("tool__kind", "tool__name")
    rows = list(new.values_list("tool__kind", "tool__name", "digest"))
    if not rows:
        return
    names = [name_with_kind(kind, name) for kind, name, _ in rows]
    cause = sha256(b"".join(name.encode() + bytes(row[2]) for name, row in zip(names, rows, strict=True))).hexdigest()
    matter = _matter(connector, names, cause)
    if not reopen_matter(matter, within=AGAIN_AFTER):
        asked = person_behind(actor)
        besides = asked.pk if asked else None
        tell_people(matter, who_look_after(connector.organization_id, connector.owner_id, besides=besides))


def _matter(connector: Connector, names: list[str], cause: str) -> Matter:
    what, them = ("the definitions of ", "them") if len(names) > 1 else ("", "it")
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    some = ", ".join(name[:40] for name in names[:NAMED])
    return Matter(
        QUARANTINE,
        connector.organization_id,
        f"{quarantine_key(connector)}{cause[:32]}",
        f"{connector.name} changed {what}{some}{more}. Nobody can call {them} until you have read the change.",
        f"{reverse('connectors:detail', args=[connector.pk])}?show=quarantined",
    )
