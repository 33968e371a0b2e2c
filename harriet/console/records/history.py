"""What the audit log says of a row. Django's own log of the admin site says nothing here: nobody changes rows there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from audit.models import Event
from audit.queries import EventFilters, events_of
from audit.vocabulary.declaration import LABELS, known_kinds
from harriet.console.records.viewer import Viewer
from harriet.lib.records import History
from harriet.people.permissions import has_power
from harriet.people.roles import Power

SHOWN = 20
LOOKED_THROUGH = 300
"""Of events that name their subject in words alone, which no index finds."""

_BY_COLUMN = {"person_id": "person", "connector_id": "connector", "tool_id": "tool", "request_id": "request"}


@dataclass(frozen=True, slots=True)
class KnownAs:
    """What a row is known by in the log."""

    id: UUID | int | str | None
    name: object = None


def events_about(viewer: Viewer, history: History, subject: KnownAs) -> list[Event]:
    """The latest ones, newest first."""
    if viewer.membership is None or not has_power(viewer.membership, Power.VIEW_AUDIT):
        return []
    organization_id = viewer.membership.organization_id
    if history.column:
        only: dict[str, Any] = {_BY_COLUMN[history.column]: subject.id}
        return list(events_of(organization_id, EventFilters(**only))[:SHOWN]) if subject.id else []
    codes = [known.code for known in known_kinds() if known.code.startswith(history.codes)]
    latest = events_of(organization_id).filter(code__in=codes)[:LOOKED_THROUGH]
    return list(islice(_about(latest, history, subject), SHOWN))


def _about(events: Any, history: History, subject: KnownAs) -> Iterator[Event]:
    for event in events:
        if not history.of or _names(event, subject):
            yield event


def _names(event: Event, subject: KnownAs) -> bool:
    fields = event.fields
    labels = (fields.get(name) for name in LABELS)
    if any(label and str(label.get("id")) == str(subject.id) for label in labels):
        return True
    return subject.name is not None and subject.name in fields.get("details", {}).values()
